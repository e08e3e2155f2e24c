/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One run of a helper program as a oneshot unit: the request goes in by a ticket, the answer comes back in
 * it. */

#include "daemon/pipeline/internal.h"
#include "daemon/pipeline/jobs/reap.h"

typedef struct Helper Helper;

/* Between SIGTERM and SIGKILL: a helper that is told to stop has nothing to finish. */
#define HELPER_STOP_USEC (5 * USEC_PER_SEC)

/* The end of it: `answer` is NULL exactly when it failed, and `failure` then one sentence. Both live until
 * the callback returns. Called once; the helper may be freed in it. */
typedef void (*HelperDone)(void *userdata, const Ticket *answer, const char *failure);
/* What the unit says of itself while it works. May be NULL. */
typedef void (*HelperText)(void *userdata, const char *text);

typedef struct HelperParams {
        const char *what;      /* how the work is called in a failure: "fetch" */
        UnitSpec *spec;        /* with its descriptors but that of the ticket */
        bool ticket_is_stdout; /* else standard input */
        const Ticket *request;
        /* The keys of [runner] that its time and its memory are limited by; NULL = none worth a word. */
        const char *time_key, *memory_key;
        ReapOwner owner; /* for whom the unit is removed in the end */
        HelperDone done;
        HelperText text;
        void *userdata;
} HelperParams;

/* Starts the unit. 0 or -errno. */
int helper_new(Pipeline *pipeline, const HelperParams *params, Helper **ret);
/* Has the unit stopped if it runs, and removed in any case. */
Helper *helper_free(Helper *helper);

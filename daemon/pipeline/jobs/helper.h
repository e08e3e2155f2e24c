/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One run of a helper program (oneshot.h): the request goes in by a ticket, the answer comes back in it. */

#include "daemon/pipeline/jobs/oneshot.h"

/* Between SIGTERM and SIGKILL: a helper that is told to stop has nothing to finish. */
#define HELPER_STOP_USEC (5 * USEC_PER_SEC)

/* A tar, which some take or give, has a header and padding for each file: at most two blocks of 512 bytes,
 * and twice that for a long name. */
#define TAR_OVERHEAD_PER_FILE 2048

/* The end of it: `answer` is NULL exactly when it failed, and `failure` then one sentence. Both live until
 * the callback returns. Called once; the helper may be freed in it. */
typedef void (*HelperDone)(void *userdata, const Ticket *answer, const char *failure);
typedef struct HelperParams {
        const char *what;      /* how the work is called in a failure: "fetch" */
        UnitSpec *spec;        /* with its descriptors but that of the ticket */
        bool ticket_is_stdout; /* else standard input */
        const Ticket *request;
        /* As in OneshotParams. */
        ReapOwner owner;
        const char *time_key, *memory_key;
        HelperDone done;
        OneshotText text;
        void *userdata;
} HelperParams;

/* Starts the unit. 0 or -errno. */
int helper_new(Pipeline *pipeline, const HelperParams *params, Helper **ret);
/* As oneshot_free(). */
Helper *helper_free(Helper *helper);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One run of a unit that ends by itself (Type=oneshot): the unit is started, watched to its end, and
 * removed. Every job is one. A unit that an earlier run of the daemon has started is taken back, if its kind
 * is kept across a start of the daemon (UnitKindRow.resume). */

#include <systemd/sd-id128.h>

#include "daemon/pipeline/internal.h"
#include "daemon/pipeline/jobs/reap.h"

typedef struct Oneshot Oneshot;

typedef enum OneshotResult {
        ONESHOT_RESULT_UNSET = 0,
        ONESHOT_SUCCESS,
        ONESHOT_NOT_STARTED, /* PID 1 has refused it */
        ONESHOT_EXITED,      /* with another exit status than 0 */
        ONESHOT_KILLED,      /* by a signal */
        ONESHOT_TIMEOUT,     /* it ran longer than UnitSpec.timeout_usec */
        ONESHOT_OUT_OF_MEMORY,
        ONESHOT_STOPPED, /* somebody has stopped the unit, or started it again; or PID 1 could not run it */
} OneshotResult;

/* How it ended. Texts live until the Oneshot is freed, or the callback returns. */
typedef struct OneshotEnd {
        const char *unit; /* its name */
        OneshotResult result;
        int status;            /* of ONESHOT_EXITED the exit status, of ONESHOT_KILLED the signal; else 0 */
        const char *sentence;  /* NULL = success; of ONESHOT_NOT_STARTED why; else words that follow a name:
                                  "exited with status 1", "ran out of time: KEY of [runner] in deploy.conf" */
        sd_id128_t invocation; /* of the run; null = there was none */
        char *last_line;       /* if it was asked for, as LastLineDone has it; else "" */
} OneshotEnd;

/* Called once, never from within oneshot_new(); the Oneshot may be freed in it. */
typedef void (*OneshotDone)(void *userdata, const OneshotEnd *end);
/* What the unit says of itself while it works (STATUS= of sd_notify(3)). */
typedef void (*OneshotText)(void *userdata, const char *text);

typedef struct OneshotParams {
        const UnitSpec *spec; /* borrowed for the call */
        ReapOwner owner;      /* for whom the unit is removed in the end */
        bool last_line;       /* when it has failed, the line that says why is wanted, too */
        /* The keys of [runner] that its time and its memory are limited by; NULL = none worth a word. */
        const char *time_key, *memory_key;
        OneshotDone done;
        OneshotText text; /* may be NULL */
        void *userdata;
} OneshotParams;

/* Starts the unit. 0 or -errno: then a unit of an earlier run is removed. */
int oneshot_new(Pipeline *pipeline, const OneshotParams *params, Oneshot **ret);
/* Cancels it: the unit is stopped if it runs, and removed in any case. When the daemon ends, the unit goes
 * on. NULL is allowed. */
Oneshot *oneshot_free(Oneshot *oneshot);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is under way for one deployment (Deployment.step): the move that is being committed and the work of
 * the present status. Dropping the work cancels it here; what runs outside is ended by retire.h. What each
 * status asks for is a table, step.c, above this. */

#include "base/sha256.h"
#include "daemon/pipeline/instances/settle.h"
#include "daemon/pipeline/internal.h"
#include "daemon/pipeline/jobs/build.h"
#include "daemon/pipeline/jobs/release-command.h"

struct Attempt {
        Pipeline *pipeline;
        Deployment *deployment;

        const FlowRow *moving; /* the row that is being committed; NULL = none */
        /* What came in while it was: taken up after it. */
        bool cancel_waits;
        char *failure_waits; /* sentence */

        /* A failure is about to be committed, unless the machine goes down. */
        ShutdownWait *judging;
        char *failure; /* sentence */

        /* Work of `fetching` and `building`. */
        Fetch *fetch;
        int tar_fd;      /* the tree as it came; goes from the one to the other */
        bool submodules; /* they are a part of it */
        Helper *build;
        int built_fd;    /* the tree as the build left it */
        char *buildpack; /* that built it; NULL = none did */
        Sha256Text build_key;
        Import *import;

        ReleaseCommand *command; /* work of `releasing` */

        /* Work of `switching`. */
        bool open;       /* requests are to go to it, and no more to the live deployment */
        Settle *settle;  /* it takes the requests, and is watched; NULL = it does not yet */
        bool going_back; /* it has failed: requests go to what was live before */
};

/* The attempt of the deployment, made if there is none. NULL when out of memory. */
Attempt *attempt_of(Pipeline *pipeline, Deployment *deployment);
/* Ends the work of the present status; the attempt stays. */
void attempt_drop_work(Attempt *attempt);
/* Frees it with its work and takes it off its deployment. NULL is allowed. */
Attempt *attempt_free(Attempt *attempt);

/* Something happened to the deployment. `sentence` is for FLOW_FAILED. What means nothing in its status is
 * dropped. */
void attempt_handle(Pipeline *pipeline, Deployment *deployment, FlowEvent event, const char *sentence);
/* FLOW_FAILED with a formatted sentence. */
void attempt_fail(Pipeline *pipeline, Deployment *deployment, const char *format, ...) _printf_(3, 4);
/* FLOW_FAILED with `what: ` and the words for `error`, a negative errno. */
void attempt_fail_errno(Attempt *attempt, const char *what, int error);

/* Begins the work of the status the deployment is in; also after a restart of the daemon. */
void attempt_enter(Pipeline *pipeline, Deployment *deployment);

/* If a row waits to be committed while the database is away, the deployment says that. NULL is allowed. */
void attempt_say_waits(Attempt *attempt);

/* Shows what the running step says. */
void attempt_set_text(Deployment *deployment, const char *text, double progress);
/* The same as what a helper of the attempt, `userdata`, says. */
void attempt_on_text(void *userdata, const char *text);
/* The same of what a program of strangers has printed: for who may read logs. */
void attempt_on_output(void *userdata, const char *text);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whether an instance is as it has to be before requests go to it: who listens on its port, and, where the
 * app has a health check, what it answers. */

#include "daemon/pipeline/internal.h"

/* It runs when it says so (Readiness=notify) rather than with its program. */
bool readiness_is_by_notice(const Instance *instance);

/* For how long, in microseconds, a new version is watched before it is live: as its app says, else as the
 * configuration does. */
uint64_t readiness_settle_usec(const Pipeline *pipeline, const Deployment *deployment);

/* Begins to wait until it is, for at most start-timeout. 0 or -errno, as of probe_wait_listening(). */
int readiness_begin(const Pipeline *pipeline, const Instance *instance, uint64_t cgroup_id, ProbeDone done,
                    void *userdata, ProbeWait **ret);

/* What is looked at once more while a new version is watched. */
typedef enum ReadinessAgain {
        CHECK_AGAIN_UNSET,
        CHECK_LISTENER, /* one look: who listens on its port */
        CHECK_FITNESS,  /* all that readiness_begin() waits for */
        CHECK_AGAIN_MAX,
} ReadinessAgain;

/* Looks again at one that has passed: it need not be waited for to start. Arguments and errors as above. */
int readiness_again(const Pipeline *pipeline, const Instance *instance, uint64_t cgroup_id,
                    ReadinessAgain what, ProbeDone done, void *userdata, ProbeWait **ret);

/* A sentence about an answer that is not PROBE_LISTENING. `elsewhere`: the addresses where it listens
 * instead, NULL = none. Caller frees; NULL when out of memory. */
char *readiness_describe(const Pipeline *pipeline, const Instance *instance, const ProbeAnswer *answer,
                         const char *elsewhere);

/* The same of readiness_again(). */
char *readiness_describe_again(const Pipeline *pipeline, const Instance *instance,
                               const ProbeAnswer *answer);

/* What is waited for, such as "waiting until GET /up answers", of one with a port; where it listens instead,
 * if `elsewhere` is not NULL. Caller frees; NULL when out of memory. */
char *readiness_describe_awaited(const Instance *instance, const char *elsewhere);

/* What one that ends before it is live had not come to, in words that follow how it ended, such as " before
 * it listened on port 20007"; `has_run`: its unit was running. Caller frees; NULL if there is nothing to
 * say, or when out of memory. */
char *readiness_describe_missing(const Instance *instance, bool has_run);

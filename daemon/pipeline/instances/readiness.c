/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/instances/readiness.h"

#include <string.h>

#include "base/names.h"
#include "base/text.h"
#include "daemon/model/holder.h"

bool readiness_is_by_notice(const Instance *instance)
{
        assert(instance);
        return strcmp(deployment_settings(instance->deployment)->readiness, "notify") == 0;
}

/* What the administrator has set goes before what the tree says. `path` is "" where neither asks for any; a
 * request timeout of 0 is the configured one. */
static ProbeHealth health_of(const Instance *instance)
{
        const AppSettings *own = deployment_settings(instance->deployment);
        const Release *release = deployment_release(instance->deployment);
        ProbeHealth health = { .path = own->health_check_path };

        if (health.path[0] == '\0' && release) {
                health.path = release->health.path;
                health.attempts = (unsigned) MIN2(release->health.attempts, (uint64_t) PROBE_ATTEMPTS_MAX);
                health.request_timeout_usec = release->health.timeout_usec;
                health.wait_usec = release->health.wait_usec;
        }
        if (own->health_check_timeout_usec != 0)
                health.request_timeout_usec = own->health_check_timeout_usec;
        return health;
}

/* A program that has listened does so without a gap. The time is for a helper that is busy; requests wait
 * meanwhile. */
#define LOOK_PATIENCE_USEC (3 * USEC_PER_SEC)

int readiness_again(const Pipeline *pipeline, const Instance *instance, uint64_t cgroup_id,
                    ReadinessAgain what, ProbeDone done, void *userdata, ProbeWait **ret)
{
        if (what == CHECK_FITNESS && health_of(instance).path[0] != '\0')
                return readiness_begin(pipeline, instance, cgroup_id, done, userdata, ret);
        return probe_wait_listening(pipeline->params.probe, instance->port, cgroup_id, LOOK_PATIENCE_USEC,
                                    /* successes= */ 1, done, userdata, ret);
}

uint64_t readiness_settle_usec(const Pipeline *pipeline, const Deployment *deployment)
{
        uint64_t own;

        assert(pipeline);
        assert(deployment);

        own = deployment_settings(deployment)->check_settle_usec;
        return own != 0 ? own : pipeline_config(pipeline)->check_settle;
}

int readiness_begin(const Pipeline *pipeline, const Instance *instance, uint64_t cgroup_id, ProbeDone done,
                    void *userdata, ProbeWait **ret)
{
        const Config *config = pipeline_config(pipeline);
        ProbeHealth health = health_of(instance);
        unsigned successes = (unsigned) config->check_successes;

        if (health.path[0] == '\0')
                return probe_wait_listening(pipeline->params.probe, instance->port, cgroup_id,
                                            config->start_timeout, successes, done, userdata, ret);
        if (health.request_timeout_usec == 0)
                health.request_timeout_usec = config->health_check_timeout;
        return probe_wait_healthy(pipeline->params.probe, instance->port, cgroup_id, config->start_timeout,
                                  successes, &health, done, userdata, ret);
}

static char *describe_foreign(const Pipeline *pipeline, const Instance *instance, const ProbeAnswer *answer)
{
        _cleanup_free_ char *holder = holder_describe(pipeline->model, answer->number, answer->cgroup_id);

        return holder ? text_format("port %u is held by %s", instance->port, holder) : NULL;
}

char *readiness_describe(const Pipeline *pipeline, const Instance *instance, const ProbeAnswer *answer,
                         const char *elsewhere)
{
        double seconds = (double) pipeline_config(pipeline)->start_timeout / USEC_PER_SEC;

        switch (answer->result) {
        case PROBE_FOREIGN:
                return describe_foreign(pipeline, instance, answer);
        case PROBE_TIMEOUT:
                if (elsewhere)
                        return text_format("%s.%u did not listen on " ADDRESS_LOOPBACK
                                           ":%u, its $HOST and $PORT: it listens on %s",
                                           instance->process, instance->number, instance->port, elsewhere);
                return text_format("%s.%u did not listen on port %u, its $PORT, within %g s",
                                   instance->process, instance->number, instance->port, seconds);
        case PROBE_UNHEALTHY:
                return text_format("the health check GET %s on port %u %s", health_of(instance).path,
                                   instance->port, answer->text);
        default:
                return text_format("port %u could not be checked: %s", instance->port, answer->text);
        }
}

char *readiness_describe_again(const Pipeline *pipeline, const Instance *instance, const ProbeAnswer *answer)
{
        if (answer->result == PROBE_TIMEOUT)
                return text_format("%s.%u stopped listening on port %u, its $PORT, although it still runs",
                                   instance->process, instance->number, instance->port);
        return readiness_describe(pipeline, instance, answer, NULL);
}

char *readiness_describe_awaited(const Instance *instance, const char *elsewhere)
{
        const char *path = health_of(instance).path;

        if (elsewhere)
                return text_format("%s.%u listens on %s, not yet on " ADDRESS_LOOPBACK
                                   ":%u, its $HOST and $PORT",
                                   instance->process, instance->number, elsewhere, instance->port);

        return path[0] != '\0' ? text_format("waiting until GET %s answers", path)
                               : strdup("waiting until it listens");
}

char *readiness_describe_missing(const Instance *instance, bool has_run)
{
        const char *path = health_of(instance).path;

        if (!has_run && readiness_is_by_notice(instance))
                return strdup(" before it said READY=1");
        if (instance->port == 0)
                return NULL;
        if (path[0] != '\0')
                return text_format(" before the health check GET %s on port %u succeeded", path,
                                   instance->port);
        return text_format(" before it listened on port %u", instance->port);
}

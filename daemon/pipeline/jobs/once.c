/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/jobs/once.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "daemon/pipeline/files/environment.h"
#include "daemon/pipeline/files/plan.h"
#include "daemon/pipeline/jobs/app-unit.h"
#include "daemon/pipeline/jobs/reap.h"
#include "systemd/last-line.h"

#define PROCESS PROCESS_RELEASE
#define DYNO    PROCESS ".1"

struct Once {
        Pipeline *pipeline;
        Deployment *deployment;
        char *unit, *environment, *end;
        UnitCall *call;
        UnitWatch *watch;
        LastLine *last_line;
        OnceDone done;
        void *userdata;
};

Once *once_free(Once *once)
{
        if (!once)
                return NULL;
        unit_call_free(once->call);
        unit_watch_free(once->watch);
        last_line_free(once->last_line);
        if (once->unit && !once->pipeline->ending)
                reap_unit(once->pipeline, once->unit, (ReapOwner){ .deployment = once->deployment->id });
        /* PID 1 may be about to read it. */
        if (once->environment && !once->pipeline->ending)
                (void) unlink(once->environment);
        free(once->unit);
        free(once->environment);
        free(once->end);
        free(once);
        return NULL;
}
DEFINE_CLEANUP(Once *, once_free);

static void on_last_line(void *userdata, char *line)
{
        Once *once = userdata;
        _cleanup_free_ char *said = app_unit_quote(once->deployment, line), *sentence = NULL;

        once->last_line = NULL;
        sentence = text_format("the release command %s%s", once->end, text_or_empty(said));
        once->done(once->userdata, sentence ? sentence : "the release command failed");
}

static void on_state(void *userdata, const UnitState *state)
{
        Once *once = userdata;
        _cleanup_free_ char *end = NULL;

        if (!unit_state_is_over(state))
                return;
        once->watch = unit_watch_free(once->watch);
        if (unit_state_is_success(state)) {
                once->done(once->userdata, NULL);
                return;
        }
        end = unit_state_describe_end(state);
        once->end = end && strcmp(state->result, "timeout") == 0
                            ? text_format("%s: release-timeout of [runner] in deploy.conf", end)
                            : TAKE_PTR(end);
        if (!once->end || last_line_new(once->pipeline->params.event, once->unit, state->invocation,
                                        on_last_line, once, &once->last_line) < 0)
                once->pipeline->params.fatal(once->pipeline->params.userdata, "out of memory");
}

static void on_started(void *userdata, int error, const char *sentence)
{
        Once *once = userdata;
        _cleanup_free_ char *failure = NULL;

        once->call = NULL;
        if (error >= 0)
                error = unit_watch_new(once->pipeline->units, once->unit, on_state, once, &once->watch);
        if (error >= 0)
                return;
        failure = text_format("the release command could not be started: %s",
                              sentence ? sentence : strerror(-error));
        once->done(once->userdata, text_or_empty(failure));
}

static int start(Once *once)
{
        const Config *config = pipeline_config(once->pipeline);
        _cleanup_app_unit_ AppUnit unit = {};
        int r;

        r = environment_write_once(once->deployment, PROCESS, &once->environment);
        if (r >= 0)
                r = app_unit_make(once->pipeline, once->deployment, UNIT_RELEASE, once->unit, PROCESS, DYNO,
                                  once->environment, &unit);
        if (r < 0)
                return r;
        unit.spec.timeout_usec = config->release_timeout;
        unit.spec.network = config->build_network ? UNIT_NETWORK_OF_KIND : UNIT_NETWORK_NONE;
        return units_start(once->pipeline->units, &unit.spec, on_started, once, &once->call);
}

int once_new(Pipeline *pipeline, Deployment *deployment, OnceDone done, void *userdata, Once **ret)
{
        _cleanup_(once_freep) Once *once = calloc(1, sizeof(Once));
        int r;

        assert(pipeline);
        assert(deployment);
        assert(done);
        assert(ret);

        if (!once)
                return -ENOMEM;
        *once = (Once){
                .pipeline = pipeline,
                .deployment = deployment,
                .done = done,
                .userdata = userdata,
                .unit = unit_name_make(UNIT_RELEASE, deployment->app->name, deployment->id, NULL, 0),
        };
        r = once->unit ? start(once) : -ENOMEM;
        if (r < 0)
                return r;
        *ret = TAKE_PTR(once);
        return 0;
}

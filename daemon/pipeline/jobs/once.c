/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/jobs/once.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "daemon/pipeline/files/environment.h"
#include "daemon/pipeline/files/plan.h"
#include "daemon/pipeline/jobs/app-unit.h"
#include "daemon/pipeline/jobs/oneshot.h"

#define PROCESS PROCESS_RELEASE
#define DYNO    PROCESS ".1"

struct Once {
        Pipeline *pipeline;
        const Deployment *deployment;
        char *environment;
        Oneshot *oneshot;
        OnceDone done;
        void *userdata;
};

Once *once_free(Once *once)
{
        if (!once)
                return NULL;
        oneshot_free(once->oneshot);
        /* PID 1 may be about to read it. */
        if (once->environment && !once->pipeline->ending)
                (void) unlink(once->environment);
        free(once->environment);
        free(once);
        return NULL;
}
DEFINE_CLEANUP(Once *, once_free);

static void once_on_end(void *userdata, const OneshotEnd *end)
{
        const Once *once = userdata;
        _cleanup_free_ char *said = NULL, *sentence = NULL;

        if (end->result == ONESHOT_SUCCESS)
                return once->done(once->userdata, NULL);
        said = app_unit_quote(once->deployment, end->last_line);
        sentence = text_format("the release command %s%s%s",
                               end->result == ONESHOT_NOT_STARTED ? "could not be started: " : "",
                               end->sentence, text_or_empty(said));
        once->done(once->userdata, sentence ? sentence : "the release command failed");
}

static int once_start(Once *once, const char *unit)
{
        const Config *config = pipeline_config(once->pipeline);
        _cleanup_app_unit_ AppUnit app = {};
        int r;

        r = environment_write_once(once->deployment, PROCESS, &once->environment);
        if (r >= 0)
                r = app_unit_make(once->pipeline, once->deployment, UNIT_RELEASE, unit, PROCESS, DYNO,
                                  once->environment, &app);
        if (r < 0)
                return r;
        app.spec.timeout_usec = config->release_timeout;
        app.spec.network = config->build_network ? UNIT_NETWORK_OF_KIND : UNIT_NETWORK_NONE;
        return oneshot_new(once->pipeline,
                           &(OneshotParams){ .spec = &app.spec,
                                             .owner = { .deployment = once->deployment->id },
                                             .last_line = true,
                                             .time_key = "release-timeout",
                                             .done = once_on_end,
                                             .userdata = once },
                           &once->oneshot);
}

int once_new(Pipeline *pipeline, Deployment *deployment, OnceDone done, void *userdata, Once **ret)
{
        _cleanup_(once_freep) Once *once = calloc(1, sizeof(Once));
        _cleanup_free_ char *unit = NULL;
        int r;

        assert(pipeline);
        assert(deployment);
        assert(done);
        assert(ret);

        unit = unit_name_make(UNIT_RELEASE, deployment->app->name, deployment->id, NULL, 0);
        if (!once || !unit)
                return -ENOMEM;
        *once = (Once){ .pipeline = pipeline, .deployment = deployment, .done = done, .userdata = userdata };
        r = once_start(once, unit);
        if (r >= 0)
                *ret = TAKE_PTR(once);
        else /* It may run since before the daemon was started. */
                reap_unit(pipeline, unit, (ReapOwner){ .deployment = deployment->id });
        return r;
}

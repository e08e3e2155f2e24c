/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/jobs/release-command.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "daemon/pipeline/files/environment.h"
#include "daemon/pipeline/files/formation-plan.h"
#include "daemon/pipeline/jobs/app-unit.h"
#include "daemon/pipeline/jobs/oneshot.h"

#define PROCESS PROCESS_RELEASE
#define DYNO    PROCESS ".1"

struct ReleaseCommand {
        Pipeline *pipeline;
        const Deployment *deployment;
        char *environment;
        Oneshot *oneshot;
        OnceDone done;
        void *userdata;
};

ReleaseCommand *release_command_free(ReleaseCommand *command)
{
        if (!command)
                return NULL;
        oneshot_free(command->oneshot);
        /* PID 1 may be about to read it. */
        if (command->environment && !command->pipeline->ending)
                (void) unlink(command->environment);
        free(command->environment);
        free(command);
        return NULL;
}
DEFINE_CLEANUP(ReleaseCommand *, release_command_free);

static void release_command_on_end(void *userdata, const OneshotEnd *end)
{
        const ReleaseCommand *command = userdata;
        _cleanup_free_ char *said = NULL, *sentence = NULL;

        if (end->result == ONESHOT_SUCCESS)
                return command->done(command->userdata, NULL);
        said = app_unit_quote(command->deployment, end->last_line);
        sentence = text_format("the release command %s%s%s",
                               end->result == ONESHOT_NOT_STARTED ? "could not be started: " : "",
                               end->sentence, text_or_empty(said));
        command->done(command->userdata, sentence ? sentence : "the release command failed");
}

static int release_command_start(ReleaseCommand *command, const char *unit)
{
        const Config *config = pipeline_config(command->pipeline);
        _cleanup_app_unit_ AppUnit app = {};
        int r;

        r = environment_write_once(command->deployment, PROCESS, &command->environment);
        if (r >= 0)
                r = app_unit_make(command->pipeline, command->deployment, UNIT_RELEASE, unit, PROCESS, DYNO,
                                  command->environment, &app);
        if (r < 0)
                return r;
        app.spec.timeout_usec = config->release_timeout;
        app.spec.network = config->build_network ? UNIT_NETWORK_OF_KIND : UNIT_NETWORK_NONE;
        return oneshot_new(command->pipeline,
                           &(OneshotParams){ .spec = &app.spec,
                                             .owner = { .deployment = command->deployment->id },
                                             .last_line = true,
                                             .time_key = "release-timeout",
                                             .done = release_command_on_end,
                                             .userdata = command },
                           &command->oneshot);
}

int release_command_new(Pipeline *pipeline, Deployment *deployment, OnceDone done, void *userdata,
                        ReleaseCommand **ret)
{
        _cleanup_(release_command_freep) ReleaseCommand *command = calloc(1, sizeof(ReleaseCommand));
        _cleanup_free_ char *unit = NULL;
        int r;

        assert(pipeline);
        assert(deployment);
        assert(done);
        assert(ret);

        unit = unit_name_make(UNIT_RELEASE, deployment->app->name, deployment->id, NULL, 0);
        if (!command || !unit)
                return -ENOMEM;
        *command = (ReleaseCommand){
                .pipeline = pipeline, .deployment = deployment, .done = done, .userdata = userdata
        };
        r = release_command_start(command, unit);
        if (r >= 0)
                *ret = TAKE_PTR(command);
        else /* It may run since before the daemon was started. */
                reap_unit(pipeline, unit, (ReapOwner){ .deployment = deployment->id });
        return r;
}

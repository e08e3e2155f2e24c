/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "daemon/pipeline/flow/attempt.h"
#include "daemon/pipeline/flow/step.h"
#include "daemon/pipeline/jobs/release-command.h"

static void on_command_done(void *userdata, const char *failure)
{
        Attempt *attempt = userdata;

        attempt_handle(attempt->pipeline, attempt->deployment, failure ? FLOW_FAILED : FLOW_DONE, failure);
}

void step_release_enter(Pipeline *pipeline, Deployment *deployment)
{
        Attempt *attempt = attempt_of(pipeline, deployment);
        int r;

        if (!attempt)
                return pipeline_oom(pipeline);
        if (!step_has_places(pipeline, deployment))
                return;
        attempt_set_text(deployment, "running its release command", -1);
        r = release_command_new(pipeline, deployment, on_command_done, attempt, &attempt->command);
        if (r < 0)
                attempt_fail(pipeline, deployment, "the release command could not be started: %s",
                             strerror(-r));
}

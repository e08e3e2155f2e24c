/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/flow/step.h"

#include "daemon/pipeline/flow/attempt.h"
#include "daemon/pipeline/flow/queue.h"
#include "daemon/pipeline/flow/retire.h"
#include "daemon/pipeline/instances/rolling-restart.h"

const Step *steps_table(void)
{
        static const Step steps[DEPLOYMENT_STATUS_MAX] = {
                [DEPLOYMENT_QUEUED] = { queue_enter, NULL },
                [DEPLOYMENT_FETCHING] = { step_fetch_enter, NULL },
                [DEPLOYMENT_BUILDING] = { step_build_enter, NULL },
                [DEPLOYMENT_RELEASING] = { step_release_enter, NULL },
                [DEPLOYMENT_STARTING] = { step_start_enter, NULL },
                [DEPLOYMENT_CHECKING] = { step_check_enter, NULL },
                [DEPLOYMENT_SWITCHING] = { step_switch_enter, step_switch_back },
                [DEPLOYMENT_LIVE] = { step_live_enter, NULL },
                [DEPLOYMENT_SUPERSEDED] = { retire_enter, NULL },
                [DEPLOYMENT_FAILED] = { retire_enter, NULL },
                [DEPLOYMENT_CANCELLED] = { retire_enter, NULL },
        };

        return steps;
}

/* It passes its check when it starts, and again while requests go to it, after a restart of the daemon. */
static void on_fit(Pipeline *pipeline, Deployment *deployment)
{
        if (deployment->status == DEPLOYMENT_CHECKING)
                step_check_poll(pipeline, deployment);
        else if (deployment->status == DEPLOYMENT_SWITCHING)
                step_switch_poll(pipeline, deployment);
}

static void on_failed(Pipeline *pipeline, Deployment *deployment, const char *sentence)
{
        attempt_handle(pipeline, deployment, FLOW_FAILED, sentence);
}

static void on_awaits(Pipeline *pipeline _unused_, Deployment *deployment, const char *sentence)
{
        if (deployment->status == DEPLOYMENT_CHECKING)
                attempt_set_text(deployment, sentence, -1);
}

const InstanceEvents *steps_instance_events(void)
{
        static const InstanceEvents events = {
                .runs = step_run_poll,
                .fit = on_fit,
                .ended = step_switch_back,
                .failed = on_failed,
                .awaits = on_awaits,
                .changed = rolling_restart_poll,
        };

        return &events;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/step.h"

#include "daemon/pipeline/cleanup.h"
#include "daemon/pipeline/queue.h"

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
                [DEPLOYMENT_SUPERSEDED] = { cleanup_enter, NULL },
                [DEPLOYMENT_FAILED] = { cleanup_enter, NULL },
                [DEPLOYMENT_CANCELLED] = { cleanup_enter, NULL },
        };

        return steps;
}

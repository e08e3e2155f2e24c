/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/queue.h"

#include "daemon/pipeline/attempt.h"

static bool may_begin(const Deployment *deployment)
{
        const Deployment *other;

        if (deployment->status != DEPLOYMENT_QUEUED || deployment->step)
                return false;
        LIST_FOREACH (app_deployments, other, deployment->app->deployments)
                if (other != deployment &&
                    (deployment_status_is_running(other->status) ||
                     (other->status == DEPLOYMENT_QUEUED && (other->step || other->id < deployment->id))))
                        return false;
        return true;
}

void queue_enter(Pipeline *pipeline, _unused_ Deployment *deployment)
{
        queue_poll(pipeline);
}

void queue_poll(Pipeline *pipeline)
{
        assert(pipeline);

        if (!pipeline->resumed)
                return;
        while (pipeline->model->n_running + pipeline->n_moving_to_slot <
               pipeline_config(pipeline)->parallel) {
                Deployment *deployment, *first = NULL;

                if (pipeline->model->n_queued == 0)
                        return;
                LIST_FOREACH (deployments, deployment, pipeline->model->deployments)
                        if ((!first || deployment->id < first->id) && may_begin(deployment))
                                first = deployment;
                if (!first)
                        return;
                attempt_handle(pipeline, first, first->release_id ? FLOW_REUSE : FLOW_SLOT, NULL);
        }
}

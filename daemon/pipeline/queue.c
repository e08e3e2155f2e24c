/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/queue.h"

#include "base/text.h"
#include "daemon/pipeline/attempt.h"
#include "daemon/pipeline/lost.h"
#include "daemon/pipeline/space.h"

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

/* What runs a release that is there needs no room for another. */
static void begin(Pipeline *pipeline, Deployment *deployment)
{
        _cleanup_free_ char *sentence = NULL;

        if (lost_is(deployment)) {
                sentence = lost_describe(deployment);
                return attempt_fail(pipeline, deployment, "%s", text_or_empty(sentence));
        }
        if (deployment->release_id != 0)
                return attempt_handle(pipeline, deployment, FLOW_REUSE, NULL);
        if (space_check(pipeline, &sentence) < 0)
                return pipeline->params.fatal(pipeline->params.userdata, "out of memory");
        attempt_handle(pipeline, deployment, sentence ? FLOW_FAILED : FLOW_SLOT, sentence);
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
                begin(pipeline, first);
        }
}

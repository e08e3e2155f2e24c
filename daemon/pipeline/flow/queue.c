/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/flow/queue.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "daemon/pipeline/files/disk-space.h"
#include "daemon/pipeline/files/lost-release.h"
#include "daemon/pipeline/flow/attempt.h"

static bool queue_may_begin(const Deployment *deployment)
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

const Deployment *queue_find_previous(const App *app)
{
        const Deployment *deployment;

        assert(app);

        /* Newest first. One that is missing here may be on a disk that is mounted later: it is passed over.
         */
        LIST_FOREACH (app_deployments, deployment, app->deployments)
                if (deployment->release_id == deployment->id && app->live &&
                    deployment->id < app->live->release_id && deployment->status == DEPLOYMENT_SUPERSEDED &&
                    !deployment->release_goes && !lost_release_is(deployment))
                        return deployment;
        return NULL;
}

/* The deployment whose release is wished, as things are now; NULL with a sentence (NULL when out of memory)
 * if there is none. */
static const Deployment *queue_choose(const Deployment *deployment, char **ret_sentence)
{
        const App *app = deployment->app;
        const Deployment *chosen = deployment->kind == DEPLOYMENT_REDEPLOY ? app->live
                                   : deployment->rollback_to == 0
                                           ? queue_find_previous(app)
                                           : model_deployment(app->model, deployment->rollback_to);

        if (!chosen)
                *ret_sentence = strdup("there is no release from before the one that is live");
        else if (!deployment_release(chosen))
                *ret_sentence = strdup("its release is not kept any more");
        else if (lost_release_is(chosen))
                *ret_sentence = lost_release_describe(chosen);
        else
                return chosen;
        return NULL;
}

/* What runs a release that is there needs no room for another. */
static void queue_begin_reuse(Pipeline *pipeline, Deployment *deployment)
{
        const App *app = deployment->app;
        _cleanup_free_ char *sentence = NULL;
        const Deployment *chosen;

        /* The deployment before it has failed, or the app was stopped since: nothing runs that it could
         * repeat. */
        if (deployment->kind == DEPLOYMENT_REDEPLOY && (!app->live || app_is_stopped(app)))
                return attempt_handle(pipeline, deployment, FLOW_CANCEL, NULL);
        chosen = queue_choose(deployment, &sentence);
        if (!chosen)
                return attempt_fail(pipeline, deployment, "%s", text_or_empty(sentence));
        deployment->chosen = chosen->release_id;
        attempt_handle(pipeline, deployment, FLOW_REUSE, NULL);
}

static void queue_begin(Pipeline *pipeline, Deployment *deployment)
{
        _cleanup_free_ char *sentence = NULL;

        if (!deployment_kind_is_of_commit(deployment->kind))
                return queue_begin_reuse(pipeline, deployment);
        if (disk_space_check(pipeline, &sentence) < 0)
                return pipeline_oom(pipeline);
        attempt_handle(pipeline, deployment, sentence ? FLOW_FAILED : FLOW_SLOT, sentence);
}

/* The deployment of the same app that comes before it; NULL = none. */
static const Deployment *find_before(const Deployment *deployment)
{
        const Deployment *other;

        for (other = deployment->app_deployments_next; other; other = other->app_deployments_next)
                if (deployment_status_is_unfinished(other->status))
                        return other;
        return NULL;
}

/* Which one it waits for stays the same until that ends: the line of a long queue is not said again at each
 * of its moves. */
static void say_what_it_waits_for(Pipeline *pipeline, Deployment *deployment)
{
        const Deployment *before = find_before(deployment);
        uint64_t waits_for = before ? before->id : 0;
        _cleanup_free_ char *text = NULL;

        if (deployment->status_text[0] != '\0' && deployment->waits_for == waits_for)
                return;
        deployment->waits_for = waits_for;
        text = before ? text_format("waiting for deployment %" PRIu64 " of %s", before->id,
                                    before->app->name)
                      : text_format("waiting for other apps: %" PRIu64
                                    " deployments are under way, which is parallel of [runner] in "
                                    "deploy.conf",
                                    pipeline_config(pipeline)->parallel);
        attempt_set_text(deployment, text_or_empty(text), -1);
}

void queue_enter(Pipeline *pipeline, _unused_ Deployment *deployment)
{
        queue_poll(pipeline);
}

/* Deployments that work. One that takes the requests already is only watched, and keeps no other from its
 * turn. */
static uint64_t count_busy(const Pipeline *pipeline)
{
        uint64_t n = pipeline->model->n_running + pipeline->n_moving_to_slot;
        const Deployment *deployment;

        LIST_FOREACH (deployments, deployment, pipeline->model->deployments)
                n -= deployment->status == DEPLOYMENT_SWITCHING;
        return n;
}

static void queue_fill(Pipeline *pipeline)
{
        while (count_busy(pipeline) < pipeline_config(pipeline)->parallel) {
                Deployment *deployment, *first = NULL;

                if (pipeline->model->n_queued == 0)
                        return;
                LIST_FOREACH (deployments, deployment, pipeline->model->deployments)
                        if ((!first || deployment->id < first->id) && queue_may_begin(deployment))
                                first = deployment;
                if (!first)
                        return;
                queue_begin(pipeline, first);
        }
}

void queue_poll(Pipeline *pipeline)
{
        Deployment *deployment;

        assert(pipeline);

        if (!pipeline->resumed)
                return;
        queue_fill(pipeline);
        if (pipeline->model->n_queued == 0)
                return;
        LIST_FOREACH (deployments, deployment, pipeline->model->deployments)
                if (deployment->status == DEPLOYMENT_QUEUED && !deployment->step)
                        say_what_it_waits_for(pipeline, deployment);
}

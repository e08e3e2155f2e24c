/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/flow/retire.h"

#include <errno.h>

#include "base/log.h"
#include "daemon/pipeline/files/environment.h"
#include "daemon/pipeline/flow/cancellation.h"
#include "daemon/pipeline/instances/keeper.h"
#include "daemon/pipeline/instances/route.h"
#include "daemon/pipeline/jobs/reap.h"
#include "daemon/pipeline/jobs/release-remove.h"
#include "daemon/pipeline/upkeep/release-gc.h"
#include "daemon/pipeline/upkeep/unpublish.h"

struct Retirement {
        Pipeline *pipeline;
        uint64_t deployment;
        bool live;                 /* it stays live, and is only stopped */
        bool reaping;              /* its units are on their way out */
        sd_event_source *deadline; /* when they go whatever is still open */
        LIST_FIELDS(Retirement, retirements);
};

Retirement *retire_free(Retirement *retirement)
{
        if (!retirement)
                return NULL;
        LIST_REMOVE(retirements, retirement->pipeline->retirements, retirement);
        sd_event_source_disable_unref(retirement->deadline);
        free(retirement);
        return NULL;
}

/* Nothing of it runs any more. What cannot be committed now is found again at the next start: the rows still
 * say it. */
static void retire_finish(Pipeline *pipeline, Deployment *deployment)
{
        StoreAsk ask = { .actor = STORE_DEPLOYD, .deadline = USEC_INFINITY };
        bool had_instances = deployment->instances;

        while (deployment->instances) {
                environment_remove(deployment->instances);
                instance_free(deployment->instances);
        }
        if (had_instances) {
                (void) store_deployment_forget_instances(pipeline->store, deployment, &ask);
                model_changed_deployment(pipeline->model, deployment);
        }
        if (deployment->status != DEPLOYMENT_SUPERSEDED) {
                release_remove(pipeline, deployment->id);
                if (deployment->release_id == deployment->id) {
                        (void) store_deployment_forget_release(pipeline->store, deployment->id, &ask);
                        deployment->release_id = 0;
                }
        }
        model_changed_app(pipeline->model, deployment->app);
        cancellations_answer(pipeline, deployment);
        release_gc(pipeline, deployment->app);
        unpublish_poll(pipeline);
}

/* Its requests are finished, or had their time. */
static void retire_reap(Retirement *retirement, Deployment *deployment)
{
        ReapOwner owner = { .deployment = deployment->id,
                            .kill = deployment->status == DEPLOYMENT_CANCELLED };
        Instance *instance;

        retirement->reaping = true;
        retirement->deadline = sd_event_source_disable_unref(retirement->deadline);
        LIST_FOREACH (instances, instance, deployment->instances)
                reap_unit(retirement->pipeline, instance->unit, owner);
        model_changed_app(deployment->model, deployment->app);
}

static Retirement *retire_find(const Pipeline *pipeline, uint64_t id)
{
        Retirement *retirement;

        LIST_FOREACH (retirements, retirement, pipeline->retirements)
                if (retirement->deployment == id)
                        return retirement;
        return NULL;
}

void retire_poll(Pipeline *pipeline, uint64_t id)
{
        Deployment *deployment = model_deployment(pipeline->model, id);
        Retirement *retirement = retire_find(pipeline, id);
        bool live;

        if (!retirement)
                return;
        live = retirement->live;
        if (!retirement->reaping && deployment) {
                if (retirement->deadline && !route_is(deployment, ROUTE_NONE))
                        return;
                retire_reap(retirement, deployment);
        }
        if (reap_is_pending_for_deployment(pipeline, id))
                return;
        retire_free(retirement);
        if (deployment && !live)
                retire_finish(pipeline, deployment);
}

void retire_hurry(Pipeline *pipeline, Deployment *deployment)
{
        Retirement *retirement = retire_find(pipeline, deployment->id);

        assert(pipeline);

        if (!retirement || retirement->reaping)
                return;
        retirement->deadline = sd_event_source_disable_unref(retirement->deadline);
        retire_poll(pipeline, deployment->id);
}

void retire_poll_all(Pipeline *pipeline)
{
        Retirement *retirement, *next;

        assert(pipeline);

        LIST_FOREACH_SAFE (retirements, retirement, next, pipeline->retirements)
                if (!retirement->reaping)
                        retire_poll(pipeline, retirement->deployment);
}

static int retire_on_deadline(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
        Retirement *retirement = userdata;

        retirement->deadline = sd_event_source_disable_unref(retirement->deadline);
        retire_poll(retirement->pipeline, retirement->deployment);
        return 0;
}

/* The old instances finish what they have begun, with the new ones serving already. */
static int retire_drain(Retirement *retirement, Deployment *deployment)
{
        model_changed_app(deployment->model, deployment->app);
        return route_drain(retirement->pipeline, deployment, NULL, retire_on_deadline, retirement,
                           &retirement->deadline);
}

/* Its requests are cut: it has ended, or its end was asked for. */
static int retire_shut(Retirement *retirement, Deployment *deployment)
{
        route_close(deployment, ROUTE_NONE, 0);
        return route_wait_closed(retirement->pipeline, retire_on_deadline, retirement,
                                 &retirement->deadline);
}

static void retire_begin(Pipeline *pipeline, Deployment *deployment, bool live)
{
        Retirement *retirement = retire_find(pipeline, deployment->id);
        int r;

        /* It was being stopped, and is superseded or stopped once more. */
        retire_free(retirement);
        retirement = calloc(1, sizeof(Retirement));
        if (!retirement)
                return pipeline_oom(pipeline);
        *retirement = (Retirement){ .pipeline = pipeline, .deployment = deployment->id, .live = live };
        LIST_PREPEND(retirements, pipeline->retirements, retirement);

        keepers_free(deployment);
        r = deployment->status == DEPLOYMENT_SUPERSEDED && deployment->instances
                    ? retire_drain(retirement, deployment)
                    : retire_shut(retirement, deployment);
        if (r < 0)
                return pipeline_fatal(pipeline, "a timer could not be set");
        ingress_poll(pipeline->params.ingress);
        retire_poll(pipeline, deployment->id);
}

void retire_enter(Pipeline *pipeline, Deployment *deployment)
{
        App *app = deployment->app;

        assert(pipeline);
        assert(deployment);

        /* It may have been about to take over. */
        if (deployment->status != DEPLOYMENT_SUPERSEDED && app->live && !app->stopped)
                route_open(app->live);
        retire_begin(pipeline, deployment, /* live= */ false);
}

void retire_stop(Pipeline *pipeline, Deployment *deployment)
{
        assert(pipeline);
        assert(deployment);

        retire_begin(pipeline, deployment, /* live= */ true);
}

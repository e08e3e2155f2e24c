/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/flow/cleanup.h"

#include <errno.h>

#include "base/log.h"
#include "daemon/pipeline/files/environment.h"
#include "daemon/pipeline/flow/cancellation.h"
#include "daemon/pipeline/instances/keeper.h"
#include "daemon/pipeline/instances/route.h"
#include "daemon/pipeline/jobs/reap.h"
#include "daemon/pipeline/jobs/release-remove.h"
#include "daemon/pipeline/upkeep/collect.h"
#include "daemon/pipeline/upkeep/expiry.h"

struct Cleanup {
        Pipeline *pipeline;
        uint64_t deployment;
        bool live;                 /* it stays live, and is only stopped */
        bool reaping;              /* its units are on their way out */
        sd_event_source *deadline; /* when they go whatever is still open */
        LIST_FIELDS(Cleanup, cleanups);
};

Cleanup *cleanup_free(Cleanup *cleanup)
{
        if (!cleanup)
                return NULL;
        LIST_REMOVE(cleanups, cleanup->pipeline->cleanups, cleanup);
        sd_event_source_disable_unref(cleanup->deadline);
        free(cleanup);
        return NULL;
}

/* Nothing of it runs any more. What cannot be committed now is found again at the next start: the rows still
 * say it. */
static void cleanup_finish(Pipeline *pipeline, Deployment *deployment)
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
        collect_releases(pipeline, deployment->app);
        expiry_poll(pipeline);
}

/* Its requests are finished, or had their time. */
static void cleanup_reap(Cleanup *cleanup, Deployment *deployment)
{
        ReapOwner owner = { .deployment = deployment->id,
                            .kill = deployment->status == DEPLOYMENT_CANCELLED };
        Instance *instance;

        cleanup->reaping = true;
        cleanup->deadline = sd_event_source_disable_unref(cleanup->deadline);
        LIST_FOREACH (instances, instance, deployment->instances)
                reap_unit(cleanup->pipeline, instance->unit, owner);
        model_changed_app(deployment->model, deployment->app);
}

static Cleanup *cleanup_find(const Pipeline *pipeline, uint64_t id)
{
        Cleanup *cleanup;

        LIST_FOREACH (cleanups, cleanup, pipeline->cleanups)
                if (cleanup->deployment == id)
                        return cleanup;
        return NULL;
}

void cleanup_poll(Pipeline *pipeline, uint64_t id)
{
        Deployment *deployment = model_deployment(pipeline->model, id);
        Cleanup *cleanup = cleanup_find(pipeline, id);
        bool live;

        if (!cleanup)
                return;
        live = cleanup->live;
        if (!cleanup->reaping && deployment) {
                if (cleanup->deadline && !route_is(deployment, ROUTE_NONE))
                        return;
                cleanup_reap(cleanup, deployment);
        }
        if (reap_is_pending_for_deployment(pipeline, id))
                return;
        cleanup_free(cleanup);
        if (deployment && !live)
                cleanup_finish(pipeline, deployment);
}

void cleanup_hurry(Pipeline *pipeline, Deployment *deployment)
{
        Cleanup *cleanup = cleanup_find(pipeline, deployment->id);

        assert(pipeline);

        if (!cleanup || cleanup->reaping)
                return;
        cleanup->deadline = sd_event_source_disable_unref(cleanup->deadline);
        cleanup_poll(pipeline, deployment->id);
}

void cleanup_poll_all(Pipeline *pipeline)
{
        Cleanup *cleanup, *next;

        assert(pipeline);

        LIST_FOREACH_SAFE (cleanups, cleanup, next, pipeline->cleanups)
                if (!cleanup->reaping)
                        cleanup_poll(pipeline, cleanup->deployment);
}

static int cleanup_on_deadline(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
        Cleanup *cleanup = userdata;

        cleanup->deadline = sd_event_source_disable_unref(cleanup->deadline);
        cleanup_poll(cleanup->pipeline, cleanup->deployment);
        return 0;
}

/* The old instances finish what they have begun, with the new ones serving already. */
static int cleanup_drain(Cleanup *cleanup, Deployment *deployment)
{
        model_changed_app(deployment->model, deployment->app);
        return route_drain(cleanup->pipeline, deployment, NULL, cleanup_on_deadline, cleanup,
                           &cleanup->deadline);
}

/* Its requests are cut: it has ended, or its end was asked for. */
static int cleanup_shut(Cleanup *cleanup, Deployment *deployment)
{
        route_close(deployment, ROUTE_NONE, 0);
        return route_wait_closed(cleanup->pipeline, cleanup_on_deadline, cleanup, &cleanup->deadline);
}

static void cleanup_begin(Pipeline *pipeline, Deployment *deployment, bool live)
{
        Cleanup *cleanup = cleanup_find(pipeline, deployment->id);
        int r;

        /* It was being stopped, and is superseded or stopped once more. */
        cleanup_free(cleanup);
        cleanup = calloc(1, sizeof(Cleanup));
        if (!cleanup)
                return pipeline_oom(pipeline);
        *cleanup = (Cleanup){ .pipeline = pipeline, .deployment = deployment->id, .live = live };
        LIST_PREPEND(cleanups, pipeline->cleanups, cleanup);

        keepers_free(deployment);
        r = deployment->status == DEPLOYMENT_SUPERSEDED && deployment->instances
                    ? cleanup_drain(cleanup, deployment)
                    : cleanup_shut(cleanup, deployment);
        if (r < 0)
                return pipeline_fatal(pipeline, "a timer could not be set");
        ingress_poll(pipeline->params.ingress);
        cleanup_poll(pipeline, deployment->id);
}

void cleanup_enter(Pipeline *pipeline, Deployment *deployment)
{
        App *app = deployment->app;

        assert(pipeline);
        assert(deployment);

        /* It may have been about to take over. */
        if (deployment->status != DEPLOYMENT_SUPERSEDED && app->live && !app->stopped)
                route_open(app->live);
        cleanup_begin(pipeline, deployment, /* live= */ false);
}

void cleanup_stop(Pipeline *pipeline, Deployment *deployment)
{
        assert(pipeline);
        assert(deployment);

        cleanup_begin(pipeline, deployment, /* live= */ true);
}

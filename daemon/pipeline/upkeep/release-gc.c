/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/upkeep/release-gc.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "daemon/pipeline/jobs/release-remove.h"
#include "daemon/pipeline/upkeep/unpublish.h"

/* A row on its way out. */
typedef struct Collection {
        Pipeline *pipeline;
        uint64_t release;
} Collection;

static bool release_gc_is_in_use(const App *app, uint64_t release)
{
        const Deployment *deployment;

        LIST_FOREACH (app_deployments, deployment, app->deployments)
                if (deployment->release_id == release &&
                    (deployment_status_is_unfinished(deployment->status) ||
                     deployment->status == DEPLOYMENT_LIVE || deployment->instances))
                        return true;
        return false;
}

static void release_gc_forget(Pipeline *pipeline, const App *app, uint64_t release)
{
        Deployment *deployment;

        LIST_FOREACH (app_deployments, deployment, app->deployments)
                if (deployment->release_id == release) {
                        deployment->release_id = 0;
                        model_changed_deployment(pipeline->model, deployment);
                }
        release_remove(pipeline, release);
        unpublish_poll(pipeline);
}

static void on_forgotten(void *userdata, int error, const StoreReply *reply)
{
        _cleanup_free_ Collection *collection = userdata;
        Pipeline *pipeline = collection->pipeline;
        Deployment *builder = model_deployment(pipeline->model, collection->release);

        if (!builder) /* its app was removed, and its releases with it */
                return;
        builder->release_goes = false;
        if (error < 0)
                log_warning("Release %" PRIu64 " is kept although there are newer ones: %s",
                            collection->release, reply->sentence[0] ? reply->sentence : strerror(-error));
        else if (reply->number > 0)
                release_gc_forget(pipeline, builder->app, collection->release);
}

static void release_gc_release(Pipeline *pipeline, Deployment *builder)
{
        Collection *collection = calloc(1, sizeof(Collection));
        StoreAsk ask = { STORE_DEPLOYD, USEC_INFINITY, on_forgotten, collection, free };

        if (collection)
                *collection = (Collection){ pipeline, builder->id };
        builder->release_goes = true;
        if (!collection || store_deployment_forget_release(pipeline->store, builder->id, &ask) < 0) {
                free(collection);
                pipeline_fatal(pipeline, "a change could not be sent to the database");
        }
}

void release_gc(Pipeline *pipeline, App *app)
{
        uint64_t keep = app->settings.keep_releases, n = 0;
        Deployment *deployment;

        assert(pipeline);

        if (keep == 0)
                keep = pipeline_config(pipeline)->keep_releases;
        /* Newest first. */
        LIST_FOREACH (app_deployments, deployment, app->deployments)
                if (deployment->release_id == deployment->id && !deployment->release_goes &&
                    (deployment->status == DEPLOYMENT_LIVE || deployment->status == DEPLOYMENT_SUPERSEDED) &&
                    ++n > keep && !release_gc_is_in_use(app, deployment->id))
                        release_gc_release(pipeline, deployment);
}

void release_gc_all(Pipeline *pipeline)
{
        App *app;

        LIST_FOREACH (apps, app, pipeline->model->apps)
                release_gc(pipeline, app);
}

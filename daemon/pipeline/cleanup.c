/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/cleanup.h"

#include <errno.h>

#include "base/log.h"
#include "daemon/pipeline/deployment-calls.h"
#include "daemon/pipeline/environment.h"
#include "daemon/pipeline/expiry.h"
#include "daemon/pipeline/keeper.h"
#include "daemon/pipeline/reap.h"
#include "daemon/pipeline/release.h"

struct Cleanup {
        Pipeline *pipeline;
        uint64_t deployment;
        LIST_FIELDS(Cleanup, cleanups);
};

Cleanup *cleanup_free(Cleanup *cleanup)
{
        if (!cleanup)
                return NULL;
        LIST_REMOVE(cleanups, cleanup->pipeline->cleanups, cleanup);
        free(cleanup);
        return NULL;
}

/* Nothing of it runs any more. What cannot be committed now is found again at the next start: the rows still
 * say it. */
static void finish(Pipeline *pipeline, Deployment *deployment)
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
        deployment_cancelled(pipeline, deployment);
        expiry_poll(pipeline);
}

void cleanup_poll(Pipeline *pipeline, uint64_t id)
{
        Deployment *deployment;
        Cleanup *cleanup;

        assert(pipeline);

        if (reap_is_pending_for_deployment(pipeline, id))
                return;
        LIST_FOREACH (cleanups, cleanup, pipeline->cleanups)
                if (cleanup->deployment == id)
                        break;
        if (!cleanup)
                return;
        cleanup_free(cleanup);
        deployment = model_deployment(pipeline->model, id);
        if (deployment)
                finish(pipeline, deployment);
}

void cleanup_enter(Pipeline *pipeline, Deployment *deployment)
{
        Instance *instance;
        Cleanup *cleanup;

        assert(pipeline);
        assert(deployment);

        cleanup = calloc(1, sizeof(Cleanup));
        if (!cleanup)
                return pipeline->params.fatal(pipeline->params.userdata, "out of memory");
        *cleanup = (Cleanup){ .pipeline = pipeline, .deployment = deployment->id };
        LIST_PREPEND(cleanups, pipeline->cleanups, cleanup);

        keepers_free(deployment);
        LIST_FOREACH (instances, instance, deployment->instances)
                reap_unit(pipeline, instance->unit, (ReapOwner){ .deployment = deployment->id });
        cleanup_poll(pipeline, deployment->id);
}

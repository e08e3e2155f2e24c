/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What builds of an app keep for the next one. */

#include <inttypes.h>
#include <string.h>

#include "base/names.h"
#include "daemon/pipeline/call.h"
#include "daemon/pipeline/flow/attempt.h"
#include "daemon/pipeline/flow/step.h"
#include "daemon/pipeline/upkeep/purge.h"

static const Deployment *deployment_that_builds(const Pipeline *pipeline, const App *app)
{
        const Deployment *deployment;

        LIST_FOREACH (deployments, deployment, pipeline->model->deployments)
                if (deployment->app == app && deployment->step && deployment->step->build)
                        return deployment;
        return NULL;
}

/* Builds of the app may go on. */
static void cache_on_cleared(Pipeline *pipeline, uint64_t id, int error, void *userdata)
{
        const Call *call = userdata;
        Deployment *deployment, *next;

        LIST_FOREACH_SAFE (deployments, deployment, next, pipeline->model->deployments)
                if (deployment->status == DEPLOYMENT_BUILDING && deployment->app->id == id)
                        step_build_poll(pipeline, deployment);
        if (error < 0)
                call_refuse(call, SD_BUS_ERROR_FAILED, "the build cache could not be removed: %s",
                            strerror(-error));
        else
                call_answer(call, 0);
}

int app_clear_cache(Pipeline *pipeline, App *app, const Call *call, sd_bus_error *reterr)
{
        const Deployment *building;
        Call *copy;
        int r;

        assert(pipeline);
        assert(app);
        assert(call);

        building = deployment_that_builds(pipeline, app);
        if (building)
                return sd_bus_error_setf(reterr, BUS_ERROR_APP_BUSY,
                                         "deployment %" PRIu64 " of %s is being built: wait for it, or "
                                         "'deployctl cancel %" PRIu64 "'",
                                         building->id, app->name, building->id);
        if (purge_has_build_cache(pipeline, app))
                return sd_bus_error_setf(reterr, BUS_ERROR_APP_BUSY,
                                         "the build cache of %s is being removed already", app->name);
        copy = malloc(sizeof(Call));
        if (!copy)
                return -ENOMEM;
        *copy = *call;
        r = purge_build_cache(pipeline, app, cache_on_cleared, copy);
        if (r < 0) {
                free(copy);
                return r;
        }
        purges_poll(pipeline);
        return 0;
}

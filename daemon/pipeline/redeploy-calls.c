/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>

#include "base/names.h"
#include "base/text.h"
#include "daemon/pipeline/attempt.h"
#include "daemon/pipeline/lost.h"
#include "daemon/pipeline/request.h"

/* The deployment as the database has made it, with the release that `builder` has built. */
static int add_deployment(Pipeline *pipeline, const Deployment *builder, const StoreReply *reply, uid_t uid)
{
        _cleanup_(deployment_freep) Deployment *deployment = deployment_new(builder->app, reply->id);

        if (!deployment || text_replace(&deployment->requested_revision, builder->requested_revision) < 0 ||
            text_replace(&deployment->revision, builder->revision) < 0 ||
            text_replace(&deployment->image_tag, builder->image_tag) < 0)
                return -ENOMEM;
        deployment->status = DEPLOYMENT_QUEUED;
        deployment->release_id = builder->id;
        deployment->created_at = reply->at;
        deployment->requested_by = uid;
        return model_add_deployment(pipeline->model, deployment) < 0 ? -ENOMEM : (TAKE_PTR(deployment), 0);
}

static void refuse_release(Request *request)
{
        if (request->rollback == 0)
                request_refuse(request, BUS_ERROR_NOT_DEPLOYED, "nothing of %s is live any more",
                               request->name);
        else
                request_refuse(request, BUS_ERROR_NO_SUCH_RELEASE,
                               "%s has no deployment %" PRIu64
                               " with a release that is kept: deployctl releases %s "
                               "shows what there is",
                               request->name, request->rollback, request->name);
}

static void on_redeployed(Request *request, int error, const StoreReply *reply)
{
        Pipeline *pipeline = request->pipeline;
        App *app = model_app(pipeline->model, request->name);
        const Deployment *builder;
        uint64_t id = reply->id;

        if (error == -ESTALE)
                return request_refuse(request, BUS_ERROR_QUEUE_FULL,
                                      "%" PRIu64
                                      " deployments are waiting already: queue-max of [runner] in "
                                      "deploy.conf is reached",
                                      pipeline_config(pipeline)->queue_max);
        if (error < 0 || !app)
                return request_fail(request, error < 0 ? error : -ESTALE, reply);
        if (request->flag) {
                variables_clear(&app->environment);
                app->environment = request->environment;
                request->environment = (Variables){};
                model_changed_app(pipeline->model, app);
        }
        if (id == 0 && !request->flag)
                return refuse_release(request);
        /* A release that is kept has its builder published. */
        builder = id == 0 ? NULL : model_deployment(pipeline->model, reply->number);
        if (id != 0 && !model_deployment(pipeline->model, id) &&
            (!builder || add_deployment(pipeline, builder, reply, request->call.uid) < 0))
                return pipeline->params.fatal(pipeline->params.userdata,
                                              "a deployment could not be taken over");
        request_answer(request, id);
        if (id != 0)
                attempt_enter(pipeline, model_deployment(pipeline->model, id));
}

static int ask(Pipeline *pipeline, App *app, uint64_t rollback, const Variables *environment,
               const Call *call, sd_bus_error *reterr)
{
        Request *request = request_new(pipeline, call, on_redeployed, app->name, NULL, NULL, app->id);
        StoreAsk store_ask;

        if (!request)
                return -ENOMEM;
        request->flag = environment != NULL;
        request->rollback = rollback;
        if (environment && variables_copy(&request->environment, environment) < 0)
                return request_sent(&request, -ENOMEM, reterr);
        store_ask = request_ask(request);
        return request_sent(&request,
                            store_deployment_redeploy(pipeline->store, app, rollback, environment,
                                                      pipeline_config(pipeline)->queue_max, &store_ask),
                            reterr);
}

int app_redeploy(Pipeline *pipeline, App *app, const Call *call, sd_bus_error *reterr)
{
        int r;

        assert(pipeline);
        assert(app);

        if (!app->live)
                return sd_bus_error_setf(
                        reterr, BUS_ERROR_NOT_DEPLOYED,
                        "%s has never been deployed successfully: there is nothing to deploy again",
                        app->name);
        r = lost_refuse(app->live, reterr);
        return r < 0 ? r : ask(pipeline, app, 0, NULL, call, reterr);
}

/* The newest kept release that was built before the one that is live. */
static uint64_t previous_release(const App *app)
{
        const Deployment *deployment;

        LIST_FOREACH (app_deployments, deployment, app->deployments)
                if (deployment->release_id == deployment->id && deployment->id < app->live->release_id &&
                    deployment->status == DEPLOYMENT_SUPERSEDED && !deployment->release_goes)
                        return deployment->id;
        return 0;
}

int app_rollback(Pipeline *pipeline, App *app, uint64_t to, const Call *call, sd_bus_error *reterr)
{
        assert(pipeline);
        assert(app);

        if (to == 0 && !app->live)
                return sd_bus_error_setf(reterr, BUS_ERROR_NO_SUCH_RELEASE,
                                         "%s has never been live: there is nothing to go back to",
                                         app->name);
        if (to == 0)
                to = previous_release(app);
        if (to == 0)
                return sd_bus_error_setf(reterr, BUS_ERROR_NO_SUCH_RELEASE,
                                         "%s has no release from before the one that is live", app->name);
        return ask(pipeline, app, to, NULL, call, reterr);
}

int app_set_environment(Pipeline *pipeline, App *app, const Variables *environment, const Call *call,
                        sd_bus_error *reterr)
{
        assert(pipeline);
        assert(app);
        assert(environment);
        return ask(pipeline, app, 0, environment, call, reterr);
}

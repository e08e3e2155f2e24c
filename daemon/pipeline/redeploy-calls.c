/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>

#include "base/names.h"
#include "base/text.h"
#include "daemon/pipeline/attempt.h"
#include "daemon/pipeline/request.h"

/* The deployment as the database has made it from the live one. */
static int add_deployment(Pipeline *pipeline, App *app, const StoreReply *reply, uid_t uid)
{
        _cleanup_(deployment_freep) Deployment *deployment = deployment_new(app, reply->id);
        const Deployment *live = app->live;

        if (!deployment || !live ||
            text_replace(&deployment->requested_revision, live->requested_revision) < 0 ||
            text_replace(&deployment->revision, live->revision) < 0 ||
            text_replace(&deployment->image_tag, live->image_tag) < 0)
                return -ENOMEM;
        deployment->status = DEPLOYMENT_QUEUED;
        deployment->release_id = live->release_id;
        deployment->created_at = reply->at;
        deployment->requested_by = uid;
        return model_add_deployment(pipeline->model, deployment) < 0 ? -ENOMEM : (TAKE_PTR(deployment), 0);
}

static void on_redeployed(Request *request, int error, const StoreReply *reply)
{
        Pipeline *pipeline = request->pipeline;
        App *app = model_app(pipeline->model, request->name);
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
                return request_refuse(request, BUS_ERROR_NOT_DEPLOYED, "nothing of %s is live any more",
                                      app->name);
        if (id != 0 && !model_deployment(pipeline->model, id) &&
            add_deployment(pipeline, app, reply, request->call.uid) < 0)
                return pipeline->params.fatal(pipeline->params.userdata,
                                              "a deployment could not be taken over");
        request_answer(request, id);
        if (id != 0)
                attempt_enter(pipeline, model_deployment(pipeline->model, id));
}

static int ask(Pipeline *pipeline, App *app, const Variables *environment, const Call *call,
               sd_bus_error *reterr)
{
        Request *request = request_new(pipeline, call, on_redeployed, app->name, NULL, NULL, app->id);
        StoreAsk store_ask;

        if (!request)
                return -ENOMEM;
        request->flag = environment != NULL;
        if (environment && variables_copy(&request->environment, environment) < 0)
                return request_sent(&request, -ENOMEM, reterr);
        store_ask = request_ask(request);
        return request_sent(&request,
                            store_deployment_redeploy(pipeline->store, app, environment,
                                                      pipeline_config(pipeline)->queue_max, &store_ask),
                            reterr);
}

int app_redeploy(Pipeline *pipeline, App *app, const Call *call, sd_bus_error *reterr)
{
        assert(pipeline);
        assert(app);

        if (!app->live)
                return sd_bus_error_setf(
                        reterr, BUS_ERROR_NOT_DEPLOYED,
                        "%s has never been deployed successfully: there is nothing to deploy again",
                        app->name);
        return ask(pipeline, app, NULL, call, reterr);
}

int app_set_environment(Pipeline *pipeline, App *app, const Variables *environment, const Call *call,
                        sd_bus_error *reterr)
{
        assert(pipeline);
        assert(app);
        assert(environment);
        return ask(pipeline, app, environment, call, reterr);
}

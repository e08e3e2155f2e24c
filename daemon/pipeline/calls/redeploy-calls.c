/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>

#include "base/names.h"
#include "base/text.h"
#include "daemon/pipeline/calls/app-calls.h"
#include "daemon/pipeline/calls/pending-call.h"
#include "daemon/pipeline/files/lost-release.h"
#include "daemon/pipeline/flow/attempt.h"
#include "daemon/pipeline/flow/queue.h"
#include "daemon/pipeline/upkeep/environment-gc.h"

/* Deployments of releases that are there, and what changes the environment. Which release a deployment runs
 * is decided when its turn comes (queue.c): another one may be live by then. */

/* The row that the database has made, in memory. */
static int redeploy_add(Pipeline *pipeline, App *app, const Request *request, const StoreReply *reply)
{
        _cleanup_(deployment_freep) Deployment *deployment = deployment_new(app, reply->id);
        const Deployment *shown =
                request->rollback ? model_deployment(pipeline->model, request->rollback) : app->live;

        if (!deployment ||
            text_replace(&deployment->requested_revision, shown ? shown->requested_revision : "") < 0)
                return -ENOMEM;
        deployment->status = DEPLOYMENT_QUEUED;
        deployment->kind = request->kind;
        deployment->rollback_to = request->rollback;
        deployment->created_at = reply->at;
        deployment->requested_by = request->call.uid;
        return model_add_deployment(pipeline->model, deployment) < 0 ? -ENOMEM : (TAKE_PTR(deployment), 0);
}

static void redeploy_on_queued(Request *request, int error, const StoreReply *reply)
{
        Pipeline *pipeline = request->pipeline;
        App *app = pending_call_app(request);
        uint64_t id = reply->id;

        if (error == -ESTALE)
                return pending_call_refuse_full(request);
        if (error < 0 || !app)
                return pending_call_fail(request, error < 0 ? error : -ESTALE, reply);
        if (!model_deployment(pipeline->model, id) && redeploy_add(pipeline, app, request, reply) < 0)
                return pipeline_oom(pipeline);
        pending_call_answer(request, id);
        attempt_enter(pipeline, model_deployment(pipeline->model, id));
}

static int redeploy_ask(Pipeline *pipeline, App *app, DeploymentKind kind, uint64_t rollback,
                        const Call *call, sd_bus_error *reterr)
{
        Request *request =
                pending_call_new(pipeline, call, redeploy_on_queued, app->name, NULL, NULL, app->id);
        StoreAsk ask;

        if (!request)
                return -ENOMEM;
        request->kind = kind;
        request->rollback = rollback;
        ask = pending_call_ask(request);
        return pending_call_sent(&request,
                                 store_deployment_redeploy(pipeline->store, app, kind, rollback,
                                                           pipeline_config(pipeline)->queue_max, &ask),
                                 reterr);
}

static bool app_has_unfinished(const App *app)
{
        return app_running_deployment(app) || app_next_queued(app);
}

static void redeploy_on_applied(Request *request, int error, const StoreReply *reply)
{
        App *app = pending_call_app(request);

        if (error < 0 || !app || !app->live)
                return pending_call_fail(request, error < 0 ? error : -ESTALE, reply);
        if (deployment_adopt(app->live) < 0)
                return pipeline_oom(request->pipeline);
        environment_collect(request->pipeline, app);
        app_take_up(request->pipeline, app);
        model_changed_app(request->pipeline->model, app);
        pending_call_answer(request, 0);
}

/* Nothing is started: settings and variables of today are those that it starts with. */
static int redeploy_apply(Pipeline *pipeline, App *app, const Call *call, sd_bus_error *reterr)
{
        Request *request =
                pending_call_new(pipeline, call, redeploy_on_applied, app->name, NULL, NULL, app->id);
        StoreAsk ask;

        if (!request)
                return -ENOMEM;
        ask = pending_call_ask(request);
        return pending_call_sent(&request, store_app_apply(pipeline->store, app, &ask), reterr);
}

int app_redeploy(Pipeline *pipeline, App *app, const Call *call, sd_bus_error *reterr)
{
        int r;

        assert(pipeline);
        assert(app);

        if (!app->live && !app_has_unfinished(app))
                return sd_bus_error_setf(
                        reterr, BUS_ERROR_NOT_DEPLOYED,
                        "%s has never been deployed successfully: there is nothing to deploy again",
                        app->name);
        if (app_has_unfinished(app))
                return redeploy_ask(pipeline, app, DEPLOYMENT_REDEPLOY, 0, call, reterr);
        r = lost_release_refuse(app->live, reterr);
        if (r < 0)
                return r;
        return app_is_stopped(app) ? redeploy_apply(pipeline, app, call, reterr)
                                   : redeploy_ask(pipeline, app, DEPLOYMENT_REDEPLOY, 0, call, reterr);
}

int app_rollback(Pipeline *pipeline, App *app, uint64_t to, const Call *call, sd_bus_error *reterr)
{
        const Deployment *builder = NULL;

        assert(pipeline);
        assert(app);

        if (to != 0) {
                builder = model_deployment(pipeline->model, to);
                if (!builder || builder->app != app || !deployment_release(builder))
                        return sd_bus_error_setf(reterr, BUS_ERROR_NO_SUCH_RELEASE,
                                                 "%s has no deployment %" PRIu64
                                                 " with a release that is kept: deployctl releases %s "
                                                 "shows what there is",
                                                 app->name, to, app->name);
                if (lost_release_is(builder))
                        return lost_release_refuse(builder, reterr);
        } else if (!app_has_unfinished(app)) {
                if (!app->live)
                        return sd_bus_error_setf(reterr, BUS_ERROR_NO_SUCH_RELEASE,
                                                 "%s has never been live: there is nothing to go back to",
                                                 app->name);
                if (!queue_find_previous(app))
                        return sd_bus_error_setf(reterr, BUS_ERROR_NO_SUCH_RELEASE,
                                                 "%s has no release from before the one that is live",
                                                 app->name);
        }
        return redeploy_ask(pipeline, app, DEPLOYMENT_ROLLBACK, to, call, reterr);
}

static void environment_on_set(Request *request, int error, const StoreReply *reply)
{
        Pipeline *pipeline = request->pipeline;
        App *app = pending_call_app(request);
        EnvironmentVersion *version;
        uint64_t id = reply->id;

        if (error == -ESTALE)
                return pending_call_refuse_full(request);
        if (error < 0 || !app)
                return pending_call_fail(request, error < 0 ? error : -ESTALE, reply);
        version = environment_version_find(app, reply->number);
        if (!version)
                version = environment_version_new(app, reply->number,
                                                  app->environment ? app->environment->id : 0, id,
                                                  &request->environment);
        if (!version || (id != 0 && !model_deployment(pipeline->model, id) &&
                         redeploy_add(pipeline, app, request, reply) < 0))
                return pipeline_oom(pipeline);
        app->environment = version;
        if (request->use == STORE_ENVIRONMENT_LIVE && app->live) {
                app->live->environment = version;
                app_take_up(pipeline, app);
        }
        environment_collect(pipeline, app);
        model_changed_app(pipeline->model, app);
        pending_call_answer(request, id);
        if (id != 0)
                attempt_enter(pipeline, model_deployment(pipeline->model, id));
}

static int environment_ask(Pipeline *pipeline, App *app, const Variables *environment,
                           StoreEnvironmentUse use, const Call *call, sd_bus_error *reterr)
{
        Request *request =
                pending_call_new(pipeline, call, environment_on_set, app->name, NULL, NULL, app->id);
        StoreAsk ask;
        int r;

        if (!request)
                return -ENOMEM;
        r = pending_call_change(&request, app, reterr);
        if (r < 0)
                return r;
        request->use = use;
        request->kind = DEPLOYMENT_REDEPLOY;
        if (variables_copy(&request->environment, environment) < 0)
                return pending_call_sent(&request, -ENOMEM, reterr);
        ask = pending_call_ask(request);
        return pending_call_sent(&request,
                                 store_environment_set(pipeline->store, app, environment, use,
                                                       pipeline_config(pipeline)->queue_max, &ask),
                                 reterr);
}

int app_set_environment(Pipeline *pipeline, App *app, const Variables *environment, const Call *call,
                        sd_bus_error *reterr)
{
        StoreEnvironmentUse use = app_has_unfinished(app) ? STORE_ENVIRONMENT_DEPLOY
                                  : !app->live            ? STORE_ENVIRONMENT_STAGE
                                  : app_is_stopped(app)   ? STORE_ENVIRONMENT_LIVE
                                                          : STORE_ENVIRONMENT_DEPLOY;

        assert(pipeline);
        assert(app);
        assert(environment);
        return environment_ask(pipeline, app, environment, use, call, reterr);
}

int app_stage_environment(Pipeline *pipeline, App *app, const Variables *environment, const Call *call,
                          sd_bus_error *reterr)
{
        assert(pipeline);
        assert(app);
        assert(environment);
        return environment_ask(pipeline, app, environment, STORE_ENVIRONMENT_STAGE, call, reterr);
}

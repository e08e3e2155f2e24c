/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "daemon/model/removed-app.h"
#include "daemon/pipeline/calls/app-calls.h"
#include "daemon/pipeline/calls/deployment-calls.h"
#include "daemon/pipeline/calls/pending-call.h"
#include "daemon/pipeline/files/environment.h"
#include "daemon/pipeline/files/lost-release.h"
#include "daemon/pipeline/files/mark.h"
#include "daemon/pipeline/flow/attempt.h"
#include "daemon/pipeline/flow/cancellation.h"
#include "daemon/pipeline/flow/retire.h"
#include "daemon/pipeline/instances/app-health.h"
#include "daemon/pipeline/instances/keeper.h"
#include "daemon/pipeline/instances/rolling-restart.h"
#include "daemon/pipeline/instances/route.h"
#include "daemon/pipeline/instances/scale.h"
#include "daemon/pipeline/jobs/reap.h"
#include "daemon/pipeline/upkeep/purge.h"
#include "daemon/pipeline/upkeep/retention.h"

/* Whether an app runs: Start, Stop, Restart, and its end. */

void app_log(const char *name, const char *id, const char *what)
{
        LogSubject subject = { .app = name };

        log_line(LOG_INFO, id, &subject, "App %s %s", name, what);
}

/* What Start, Stop and Restart have in common: something that is live, and what is wanted of it. The row
 * gets the status that is wanted too: a daemon that starts says so until it has read the units. */
static int set_wanted(Pipeline *pipeline, App *app, bool stopped, AppStatus status, const char *verb,
                      void (*apply)(Request *request, int error, const StoreReply *reply), const Call *call,
                      sd_bus_error *reterr)
{
        Request *request = pending_call_new(pipeline, call, apply, app->name, NULL, NULL, app->id);
        StoreAsk ask;

        if (!request)
                return -ENOMEM;
        ask = pending_call_ask(request);
        return pending_call_sent(
                &request, store_app_set_status(pipeline->store, app, stopped, status, verb, &ask), reterr);
}

static int check_start(const App *app, sd_bus_error *reterr)
{
        if (app_running_deployment(app))
                return sd_bus_error_setf(reterr, BUS_ERROR_APP_BUSY,
                                         "a deployment of %s is under way: wait for its end "
                                         "or cancel it",
                                         app->name);
        if (!app->live)
                return sd_bus_error_setf(reterr, BUS_ERROR_NOT_DEPLOYED,
                                         "%s has never been deployed successfully: there "
                                         "is nothing to start",
                                         app->name);
        return lost_release_refuse(app->live, reterr);
}

void app_bring_up(Pipeline *pipeline, App *app, bool restart)
{
        Instance *instance;

        assert(pipeline);
        assert(app);

        app->stopped = false;
        if (app->live) {
                retire_hurry(pipeline, app->live);
                ingress_poll(pipeline->params.ingress);
                /* What is beyond the formation goes before it could be started. */
                scale_poll(pipeline, app);
                LIST_FOREACH (instances, instance, app->live->instances)
                        if (!instance->leaving && !keeper_runs(instance))
                                keeper_bring_up(pipeline, instance);
                        else if (restart && !instance->leaving)
                                instance->restart = RESTART_WAITS;
                rolling_restart_poll(pipeline, app->live);
                app_health_judge(pipeline, app->live);
        }
        model_changed_app(pipeline->model, app);
}

void app_take_up(Pipeline *pipeline, App *app)
{
        if (app->live && !app_is_stopped(app))
                app_bring_up(pipeline, app, /* restart= */ true);
}

static void app_on_started(Request *request, int error, const StoreReply *reply)
{
        App *app = pending_call_app(request);

        if (error < 0 || !app)
                return pending_call_fail(request, error < 0 ? error : -ESTALE, reply);
        app_bring_up(request->pipeline, app, /* restart= */ false);
        pending_call_answer(request, 0);
}

static void on_restarted(Request *request, int error, const StoreReply *reply)
{
        App *app = pending_call_app(request);

        if (error < 0 || !app)
                return pending_call_fail(request, error < 0 ? error : -ESTALE, reply);
        app_bring_up(request->pipeline, app, /* restart= */ true);
        pending_call_answer(request, 0);
}

int app_start(Pipeline *pipeline, App *app, const Call *call, sd_bus_error *reterr)
{
        int r;

        assert(pipeline);
        assert(app);

        r = check_start(app, reterr);
        return r < 0 ? r
                     : set_wanted(pipeline, app, false, APP_RUNNING, "app-start", app_on_started, call,
                                  reterr);
}

int app_restart(Pipeline *pipeline, App *app, const Call *call, sd_bus_error *reterr)
{
        int r;

        assert(pipeline);
        assert(app);

        r = check_start(app, reterr);
        return r < 0 ? r
                     : set_wanted(pipeline, app, false, APP_RUNNING, "app-restart", on_restarted, call,
                                  reterr);
}

static void on_stopped(Request *request, int error, const StoreReply *reply)
{
        Pipeline *pipeline = request->pipeline;
        App *app = pending_call_app(request);

        if (error < 0 || !app)
                return pending_call_fail(request, error < 0 ? error : -ESTALE, reply);
        app->stopped = true;
        app->status = APP_STOPPED;
        deployments_cancel_all(pipeline, app);
        if (app->live)
                retire_stop(pipeline, app->live);
        model_changed_app(pipeline->model, app);
        pending_call_answer(request, 0);
}

int app_stop(Pipeline *pipeline, App *app, const Call *call, sd_bus_error *reterr)
{
        assert(pipeline);
        assert(app);

        if (!app->live && !app_running_deployment(app) && !app_next_queued(app))
                return sd_bus_error_setf(reterr, BUS_ERROR_NOT_DEPLOYED,
                                         "%s has never been deployed successfully: there "
                                         "is nothing to stop",
                                         app->name);
        return set_wanted(pipeline, app, true, APP_STOPPED, "app-stop", on_stopped, call, reterr);
}

/* Its rows are gone: now its units, and when nothing runs any more releases and caches. Its data stays. */
static void app_on_removed(Request *request, int error, const StoreReply *reply)
{
        Pipeline *pipeline = request->pipeline;
        App *app = pending_call_app(request);
        Deployment *deployment;
        RemovedApp removed;

        if (error < 0 || !app)
                return pending_call_fail(request, error < 0 ? error : -ESTALE, reply);

        removed = (RemovedApp){ .id = app->id,
                                .name = app->name,
                                .removed_at = reply->at,
                                .keep_until = reply->at + request->keep_usec,
                                .removed_by = request->call.uid,
                                .last_deployment = reply->number };
        if (removed_app_new(pipeline->model, &removed) < 0)
                return pipeline_oom(pipeline);
        LIST_FOREACH (app_deployments, deployment, app->deployments) {
                Instance *instance;

                cancellations_answer(pipeline, deployment);
                attempt_free(deployment->step);
                keepers_free(deployment);
                route_close(deployment, ROUTE_NONE, 0);
                LIST_FOREACH (instances, instance, deployment->instances) {
                        ingress_shut(pipeline->params.ingress, instance);
                        reap_unit(pipeline, instance->unit, (ReapOwner){});
                        environment_remove(instance);
                }
        }
        purge_app(pipeline, app);
        app_log(app->name, MESSAGE_APP_REMOVED, "was removed");
        model_remove_app(pipeline->model, app);
        mark_note(pipeline->model, request->id);
        purges_poll(pipeline);
        retention_poll(pipeline);
        ingress_poll(pipeline->params.ingress);
        pending_call_answer(request, 0);
}

int app_remove(Pipeline *pipeline, App *app, bool force, const Call *call, sd_bus_error *reterr)
{
        Request *request;
        StoreAsk ask;

        assert(pipeline);
        assert(app);

        if (!force && (app_running_deployment(app) || app_next_queued(app)))
                return sd_bus_error_setf(
                        reterr, BUS_ERROR_APP_BUSY,
                        "%s is being deployed: cancel the deployment first, or remove it by "
                        "force",
                        app->name);
        if (!force && app_is_busy(app))
                return sd_bus_error_setf(reterr, BUS_ERROR_APP_BUSY,
                                         "%s is %s: stop it first, or remove it by force", app->name,
                                         app_status_to_string(app->status));
        request = pending_call_new(pipeline, call, app_on_removed, app->name, NULL, NULL, app->id);
        if (!request)
                return -ENOMEM;
        request->keep_usec = pipeline_config(pipeline)->keep_removed_data;
        ask = pending_call_ask(request);
        return pending_call_sent(&request, store_app_delete(pipeline->store, app, request->keep_usec, &ask),
                                 reterr);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "daemon/pipeline/attempt.h"
#include "daemon/pipeline/collect.h"
#include "daemon/pipeline/deployment-calls.h"
#include "daemon/pipeline/environment.h"
#include "daemon/pipeline/instances.h"
#include "daemon/pipeline/keeper.h"
#include "daemon/pipeline/lost.h"
#include "daemon/pipeline/reap.h"
#include "daemon/pipeline/renew.h"
#include "daemon/pipeline/request.h"
#include "daemon/pipeline/route.h"
#include "daemon/pipeline/scale.h"
#include "daemon/pipeline/step.h"
#include "daemon/pipeline/wipe.h"

static void log_app(const char *name, const char *id, const char *what)
{
        LogSubject subject = { .app = name };

        log_line(LOG_INFO, id, &subject, "App %s %s", name, what);
}

/* The app that the request is about, if it is still the same one. */
static App *find_app(const Request *request)
{
        App *app = model_app(request->pipeline->model, request->name);

        return app && app->id == request->id ? app : NULL;
}

static void on_created(Request *request, int error, const StoreReply *reply)
{
        const PortRange *range = &pipeline_config(request->pipeline)->stable_range;
        Repository *repository = model_repository(request->pipeline->model, request->text);
        _cleanup_(app_freep) App *app = NULL;

        if (error == -EEXIST)
                return request_refuse(request, BUS_ERROR_ALREADY_EXISTS, "there is an app named %s already",
                                      request->name);
        if (error == -ESTALE)
                return request_refuse(request, BUS_ERROR_NO_FREE_PORT,
                                      "no stable port is free in %u-%u: widen "
                                      "stable-range of [ports] in deploy.conf",
                                      range->low, range->high);
        if (error == -EBUSY || (error == 0 && !repository))
                return request_refuse(request, BUS_ERROR_NO_SUCH_REPOSITORY,
                                      "there is no repository named %s", request->text);
        if (error < 0)
                return request_fail(request, error, reply);

        app = app_new(request->name, repository);
        if (!app || app_settings_copy(&app->settings, &request->settings) < 0)
                return request_fail(request, -ENOMEM, reply);
        app->id = reply->id;
        app->created_at = reply->at;
        app->port = (uint16_t) reply->number;
        if (model_add_app(request->pipeline->model, app) < 0)
                return request_fail(request, -ENOMEM, reply);
        TAKE_PTR(app);
        log_app(request->name, MESSAGE_APP_CREATED, "was created");
        ingress_poll(request->pipeline->params.ingress);
        request_answer(request, 0);
}

int app_create(Pipeline *pipeline, const char *name, Repository *repository, const AppSettings *settings,
               const Call *call, sd_bus_error *reterr)
{
        const PortRange *range = &pipeline_config(pipeline)->stable_range;
        Request *request;
        StoreAsk ask;

        assert(repository);

        if (model_app(pipeline->model, name))
                return sd_bus_error_setf(reterr, BUS_ERROR_ALREADY_EXISTS,
                                         "there is an app named %s already", name);
        request = request_new(pipeline, call, on_created, name, repository->name, NULL, 0);
        if (!request)
                return -ENOMEM;
        if (app_settings_copy(&request->settings, settings) < 0)
                return request_sent(&request, -ENOMEM, reterr);
        ask = request_ask(request);
        return request_sent(
                &request,
                store_app_insert(pipeline->store, name, repository, settings, range->low, range->high, &ask),
                reterr);
}

static void on_limits_set(void *userdata, int error, const char *sentence)
{
        Keeper *keeper = userdata;

        keeper->call = NULL;
        if (error < 0)
                log_warning("New limits of unit %s take effect when it is started again: %s",
                            keeper->instance->unit, sentence);
}

/* Limits reach what runs at once; the other settings count from the next start or deployment on. */
static void apply_limits(Pipeline *pipeline, App *app)
{
        const Config *config = pipeline_config(pipeline);
        const AppSettings *own = &app->settings;
        Instance *instance;

        if (!app->live)
                return;
        LIST_FOREACH (instances, instance, app->live->instances) {
                Keeper *keeper = instance->keeper;
                int r;

                if (!keeper || keeper->call)
                        continue;
                r = units_set_limits(pipeline->units, instance->unit,
                                     own->memory_max ? own->memory_max : config->app_memory_max,
                                     own->tasks_max ? own->tasks_max : config->app_tasks_max,
                                     own->cpu_quota_usec ? own->cpu_quota_usec : config->app_cpu_quota,
                                     on_limits_set, keeper, &keeper->call);
                if (r < 0)
                        on_limits_set(keeper, r, strerror(-r));
        }
}

static void on_set(Request *request, int error, const StoreReply *reply)
{
        App *app = find_app(request);

        if (error < 0 || !app || app_settings_copy(&app->settings, &request->settings) < 0)
                return request_fail(request, error < 0 ? error : -ESTALE, reply);
        apply_limits(request->pipeline, app);
        scale_poll(request->pipeline, app);
        collect_releases(request->pipeline, app);
        ingress_poll(request->pipeline->params.ingress);
        model_changed_app(request->pipeline->model, app);
        request_answer(request, 0);
}

/* While something is live its release says which processes there are. */
static int check_formation(const App *app, const Formation *formation, sd_bus_error *reterr)
{
        const Release *release = app->live ? deployment_release(app->live) : NULL;
        _cleanup_free_ char *known = release ? release_list_processes(release) : NULL;

        for (size_t i = 0; release && i < formation->n; i++) {
                const FormationItem *item = &formation->items[i];

                if (item->count > 0 && strcmp(item->process, PROCESS_RELEASE) == 0)
                        return sd_bus_error_setf(
                                reterr, SD_BUS_ERROR_INVALID_ARGS,
                                "%s is run once, before the others start: it cannot be scaled",
                                item->process);
                if (item->count > 0 && !release_has_process(release, item->process) &&
                    formation_count(&app->settings.formation, item->process) != item->count)
                        return sd_bus_error_setf(reterr, SD_BUS_ERROR_INVALID_ARGS,
                                                 "what is live of %s has no process named %s; it has: %s",
                                                 app->name, item->process, text_or_empty(known));
        }
        return 0;
}

int app_set(Pipeline *pipeline, App *app, const AppSettings *settings, const Call *call,
            sd_bus_error *reterr)
{
        Request *request;
        StoreAsk ask;
        int r;

        assert(pipeline);
        assert(app);

        r = check_formation(app, &settings->formation, reterr);
        if (r < 0)
                return r;
        request = request_new(pipeline, call, on_set, app->name, NULL, NULL, app->id);
        if (!request)
                return -ENOMEM;
        if (app_settings_copy(&request->settings, settings) < 0)
                return request_sent(&request, -ENOMEM, reterr);
        ask = request_ask(request);
        return request_sent(&request, store_app_set(pipeline->store, app, settings, &ask), reterr);
}

/* What Start, Stop and Restart have in common: something that is live, and what is wanted of it. */
static int set_wanted(Pipeline *pipeline, App *app, bool stopped, AppStatus status, const char *verb,
                      void (*apply)(Request *request, int error, const StoreReply *reply), const Call *call,
                      sd_bus_error *reterr)
{
        Request *request = request_new(pipeline, call, apply, app->name, NULL, NULL, app->id);
        StoreAsk ask;

        if (!request)
                return -ENOMEM;
        ask = request_ask(request);
        return request_sent(&request,
                            store_app_set_status(pipeline->store, app, stopped, status, verb, &ask), reterr);
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
        return lost_refuse(app->live, reterr);
}

/* Requests go to what is live again. */
static void let_in(Pipeline *pipeline, App *app)
{
        route_set(app->live, ROUTE_READY, 0);
        ingress_poll(pipeline->params.ingress);
}

static void on_started(Request *request, int error, const StoreReply *reply)
{
        App *app = find_app(request);
        Instance *instance;

        if (error < 0 || !app)
                return request_fail(request, error < 0 ? error : -ESTALE, reply);
        app->stopped = false;
        if (app->live) {
                let_in(request->pipeline, app);
                LIST_FOREACH (instances, instance, app->live->instances) {
                        const Keeper *keeper = instance->keeper;

                        if (!instance->leaving && (!keeper || !keeper->running))
                                keeper_bring_up(request->pipeline, instance);
                }
                step_live_judge(request->pipeline, app->live);
                scale_poll(request->pipeline, app);
        }
        model_changed_app(request->pipeline->model, app);
        request_answer(request, 0);
}

int app_start(Pipeline *pipeline, App *app, const Call *call, sd_bus_error *reterr)
{
        int r;

        assert(pipeline);
        assert(app);

        r = check_start(app, reterr);
        return r < 0 ? r
                     : set_wanted(pipeline, app, false, app->status, "app-start", on_started, call, reterr);
}

static void on_restarted(Request *request, int error, const StoreReply *reply)
{
        App *app = find_app(request);

        if (error < 0 || !app)
                return request_fail(request, error < 0 ? error : -ESTALE, reply);
        app->stopped = false;
        if (app->live) {
                let_in(request->pipeline, app);
                renew_begin(request->pipeline, app->live);
        }
        model_changed_app(request->pipeline->model, app);
        request_answer(request, 0);
}

int app_restart(Pipeline *pipeline, App *app, const Call *call, sd_bus_error *reterr)
{
        int r;

        assert(pipeline);
        assert(app);

        r = check_start(app, reterr);
        return r < 0 ? r
                     : set_wanted(pipeline, app, false, app->status, "app-restart", on_restarted, call,
                                  reterr);
}

static void on_stopped(Request *request, int error, const StoreReply *reply)
{
        Pipeline *pipeline = request->pipeline;
        App *app = find_app(request);
        Instance *instance;

        if (error < 0 || !app)
                return request_fail(request, error < 0 ? error : -ESTALE, reply);
        app->stopped = true;
        app->status = APP_STOPPED;
        deployments_cancel_all(pipeline, app);
        if (app->live) {
                keepers_free(app->live);
                route_set(app->live, ROUTE_NONE, 0);
                ingress_poll(pipeline->params.ingress);
                LIST_FOREACH (instances, instance, app->live->instances)
                        reap_unit(pipeline, instance->unit, (ReapOwner){ .deployment = app->live->id });
        }
        model_changed_app(pipeline->model, app);
        request_answer(request, 0);
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

/* Its rows are gone: now its units, releases, and when nothing runs any more its directories. */
static void on_removed(Request *request, int error, const StoreReply *reply)
{
        Pipeline *pipeline = request->pipeline;
        App *app = find_app(request);
        Deployment *deployment;

        if (error < 0 || !app)
                return request_fail(request, error < 0 ? error : -ESTALE, reply);

        LIST_FOREACH (app_deployments, deployment, app->deployments) {
                Instance *instance;

                deployment_cancelled(pipeline, deployment);
                attempt_free(deployment->step);
                keepers_free(deployment);
                LIST_FOREACH (instances, instance, deployment->instances) {
                        reap_unit(pipeline, instance->unit, (ReapOwner){});
                        environment_remove(instance);
                }
        }
        wipe_app(pipeline, app);
        log_app(app->name, MESSAGE_APP_REMOVED, "was removed");
        model_remove_app(pipeline->model, app);
        wipes_poll(pipeline);
        ingress_poll(pipeline->params.ingress);
        request_answer(request, 0);
}

int app_remove(Pipeline *pipeline, App *app, bool force, const Call *call, sd_bus_error *reterr)
{
        Request *request;
        StoreAsk ask;

        assert(pipeline);
        assert(app);

        if (!force && (app_running_deployment(app) || app_next_queued(app) || (app->live && !app->stopped)))
                return sd_bus_error_setf(reterr, BUS_ERROR_APP_BUSY,
                                         "%s runs or is being deployed: stop it first, or "
                                         "remove it by force",
                                         app->name);
        request = request_new(pipeline, call, on_removed, app->name, NULL, NULL, app->id);
        if (!request)
                return -ENOMEM;
        ask = request_ask(request);
        return request_sent(&request, store_app_delete(pipeline->store, app, &ask), reterr);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "daemon/model/removed-app.h"
#include "daemon/pipeline/calls/app-calls.h"
#include "daemon/pipeline/calls/pending-call.h"
#include "daemon/pipeline/files/formation-plan.h"
#include "daemon/pipeline/files/mark.h"
#include "daemon/pipeline/files/places.h"
#include "daemon/pipeline/instances/keeper.h"
#include "daemon/pipeline/instances/scale.h"
#include "daemon/pipeline/jobs/app-unit.h"
#include "daemon/pipeline/jobs/reap.h"
#include "daemon/pipeline/upkeep/release-gc.h"

static int refuse_data(const char *data, sd_bus_error *reterr)
{
        return sd_bus_error_setf(reterr, SD_BUS_ERROR_INVALID_ARGS,
                                 "no data of a removed app %s is kept: 'deployctl app list --removed' lists "
                                 "what is",
                                 data);
}

static void app_on_created(Request *request, int error, const StoreReply *reply)
{
        const PortRange *range = &pipeline_config(request->pipeline)->stable_range;
        Repository *repository = model_repository(request->pipeline->model, request->text);
        RemovedApp *removed = removed_app_by_id(request->pipeline->model, request->data);
        _cleanup_(app_freep) App *app = NULL;

        if (error == -EEXIST)
                return pending_call_refuse(request, BUS_ERROR_ALREADY_EXISTS,
                                           "there is an app named %s already", request->name);
        if (error == -ESTALE)
                return pending_call_refuse(request, BUS_ERROR_NO_FREE_PORT,
                                           "no stable port is free in %u-%u: widen "
                                           "stable-range of [ports] in deploy.conf",
                                           range->low, range->high);
        if (error == -EBUSY || (error == 0 && !repository))
                return pending_call_refuse(request, BUS_ERROR_NO_SUCH_REPOSITORY,
                                           "there is no repository named %s", request->text);
        if (error < 0)
                return pending_call_fail(request, error, reply);
        if (reply->number == 0)
                return pending_call_refuse(request, SD_BUS_ERROR_INVALID_ARGS,
                                           "the data of the removed app is being deleted already");

        app = app_new(request->name, repository);
        if (!app || app_settings_copy(&app->settings, &request->settings) < 0)
                return pending_call_fail(request, -ENOMEM, reply);
        app->id = reply->id;
        app->created_at = reply->at;
        app->port = (uint16_t) reply->number;
        if (model_add_app(request->pipeline->model, app) < 0)
                return pending_call_fail(request, -ENOMEM, reply);
        TAKE_PTR(app);
        if (removed)
                removed_app_free(request->pipeline->model, removed);
        mark_note(request->pipeline->model, reply->id);
        app_log(request->name, MESSAGE_APP_CREATED, "was created");
        ingress_poll(request->pipeline->params.ingress);
        pending_call_answer(request, 0);
}

/* The removed app that `data` names, by its name or, where several had that name, by its number. 0 with NULL
 * if no data is asked for. */
static int find_data(Pipeline *pipeline, const char *data, const RemovedApp **ret, sd_bus_error *reterr)
{
        const RemovedApp *removed, *other;
        uint64_t id;

        *ret = NULL;
        if (text_is_empty(data))
                return 0;
        removed = text_to_u64(data, INT64_MAX, &id) >= 0 ? removed_app_by_id(pipeline->model, id)
                                                         : removed_app_find(pipeline->model, data);
        if (!removed || removed->deleting)
                return refuse_data(data, reterr);
        LIST_FOREACH (removed_apps, other, pipeline->model->removed_apps)
                if (other != removed && !other->deleting && strcmp(other->name, data) == 0)
                        return sd_bus_error_setf(reterr, SD_BUS_ERROR_INVALID_ARGS,
                                                 "several removed apps had the name %s: take the number of "
                                                 "one, 'deployctl app list --removed' shows them",
                                                 data);
        if (reap_is_pending_for_name(pipeline, UNIT_APP, removed->name))
                return sd_bus_error_setf(
                        reterr, BUS_ERROR_APP_BUSY,
                        "%s, which was removed, is still being stopped: try again in a moment",
                        removed->name);
        *ret = removed;
        return 0;
}

int app_create(Pipeline *pipeline, const char *name, Repository *repository, const AppSettings *settings,
               const char *data, const Call *call, sd_bus_error *reterr)
{
        const PortRange *range = &pipeline_config(pipeline)->stable_range;
        const RemovedApp *removed;
        Request *request;
        StoreAsk ask;
        int r;

        assert(repository);

        if (model_app(pipeline->model, name))
                return sd_bus_error_setf(reterr, BUS_ERROR_ALREADY_EXISTS,
                                         "there is an app named %s already", name);
        r = find_data(pipeline, data, &removed, reterr);
        if (r < 0)
                return r;
        request = pending_call_new(pipeline, call, app_on_created, name, repository->name, NULL, 0);
        if (!request)
                return -ENOMEM;
        request->data = removed ? removed->id : 0;
        if (app_settings_copy(&request->settings, settings) < 0)
                return pending_call_sent(&request, -ENOMEM, reterr);
        ask = pending_call_ask(request);
        return pending_call_sent(&request,
                                 store_app_insert(pipeline->store, name, repository, settings, range->low,
                                                  range->high, request->data, &ask),
                                 reterr);
}

static void on_limits_set(void *userdata, int error, const char *sentence)
{
        Keeper *keeper = userdata;

        keeper->limits = NULL;
        if (error < 0)
                log_warning("New limits of unit %s take effect when it is started again: %s",
                            keeper->instance->unit, sentence);
}

/* Limits reach what runs at once; the other settings count from the next start or deployment on. */
static void apply_limits(Pipeline *pipeline, App *app)
{
        AppLimits limits = app_unit_limits(pipeline, app);
        Instance *instance;

        if (!app->live)
                return;
        LIST_FOREACH (instances, instance, app->live->instances) {
                Keeper *keeper = instance->keeper;
                int r;

                if (!keeper || keeper->call)
                        continue;
                keeper->limits = unit_call_free(keeper->limits);
                r = units_set_limits(pipeline->units, instance->unit, limits.memory_max, limits.tasks_max,
                                     limits.cpu_quota_usec, on_limits_set, keeper, &keeper->limits);
                if (r < 0)
                        on_limits_set(keeper, r, strerror(-r));
        }
}

static void on_set(Request *request, int error, const StoreReply *reply)
{
        App *app = pending_call_app(request);

        if (error < 0 || !app || app_settings_copy(&app->settings, &request->settings) < 0)
                return pending_call_fail(request, error < 0 ? error : -ESTALE, reply);
        if (request->apply_to_live && app->live &&
            app_settings_copy(&app->live->settings, &app->settings) < 0)
                return pending_call_fail(request, -ENOMEM, reply);
        if (request->apply_to_live)
                app_take_up(request->pipeline, app);
        apply_limits(request->pipeline, app);
        scale_poll(request->pipeline, app);
        release_gc(request->pipeline, app);
        ingress_poll(request->pipeline->params.ingress);
        model_changed_app(request->pipeline->model, app);
        pending_call_answer(request, 0);
}

/* While something is live its release says which processes there are. */
static int app_check_formation(const App *app, const Formation *formation, sd_bus_error *reterr)
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
                        return sd_bus_error_setf(
                                reterr, SD_BUS_ERROR_INVALID_ARGS,
                                "the live deployment of %s has no process named %s; it has: %s", app->name,
                                item->process, text_or_empty(known));
        }
        return 0;
}

/* Nothing runs of it that could go on as it was deployed: it starts with the settings that are set now. */
static bool app_starts_with_settings(const App *app)
{
        return app->live && app_is_stopped(app);
}

static int app_check_places(const App *app, const AppSettings *settings, sd_bus_error *reterr)
{
        _cleanup_free_ char *refusal = NULL;
        int r = app_starts_with_settings(app) ? places_check(app->live, settings, &refusal) : 0;

        if (r < 0 || !refusal)
                return r;
        return sd_bus_error_setf(reterr, SD_BUS_ERROR_INVALID_ARGS,
                                 "%s; %s is stopped, and would start with the setting: 'deployctl start %s' "
                                 "first, then change it",
                                 refusal, app->name, app->name);
}

int app_set(Pipeline *pipeline, App *app, const AppSettings *settings, const Call *call,
            sd_bus_error *reterr)
{
        Request *request;
        StoreAsk ask;
        int r;

        assert(pipeline);
        assert(app);

        r = app_check_formation(app, &settings->formation, reterr);
        if (r >= 0)
                r = app_check_places(app, settings, reterr);
        if (r < 0)
                return r;
        request = pending_call_new(pipeline, call, on_set, app->name, NULL, NULL, app->id);
        if (!request)
                return -ENOMEM;
        r = pending_call_change(&request, app, reterr);
        if (r < 0)
                return r;
        if (app_settings_copy(&request->settings, settings) < 0)
                return pending_call_sent(&request, -ENOMEM, reterr);
        request->apply_to_live = app_starts_with_settings(app);
        ask = pending_call_ask(request);
        return pending_call_sent(&request,
                                 store_app_set(pipeline->store, app, settings, request->apply_to_live, &ask),
                                 reterr);
}

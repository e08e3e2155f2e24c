/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/app-bus.h"

#include "base/names.h"
#include "daemon/model/deployment.h"
#include "daemon/model/repository.h"
#include "dbus/bus-args.h"
#include "dbus/bus-getter.h"
#include "dbus/bus-object.h"
#include "dbus/bus-path.h"
#include "dbus/deployment-bus.h"
#include "dbus/environment-bus.h"
#include "dbus/settings-bus.h"

uint16_t app_bus_current_port(const App *app)
{
        assert(app);
        return app->live ? app->live->assigned_port : 0;
}

static int get_repository(BUS_GETTER)
{
        const App *app = userdata;
        _cleanup_free_ char *repository = bus_path_repository(app->repository->name);

        return repository ? sd_bus_message_append(reply, "o", repository) : -ENOMEM;
}

static int app_bus_get_status(BUS_GETTER)
{
        const App *app = userdata;

        return sd_bus_message_append(reply, "s", app_status_to_string(app->status));
}

static int get_current_port(BUS_GETTER)
{
        return sd_bus_message_append(reply, "q", app_bus_current_port(userdata));
}

static int get_current_deployment(BUS_GETTER)
{
        const App *app = userdata;
        _cleanup_free_ char *live = NULL;

        if (!app->live)
                return sd_bus_message_append(reply, "o", "/");
        live = bus_path_deployment(app->live->id);
        return live ? sd_bus_message_append(reply, "o", live) : -ENOMEM;
}

static int get_deployments(BUS_GETTER)
{
        const App *app = userdata;
        const Deployment *deployment;
        int r;

        r = sd_bus_message_open_container(reply, 'a', "o");
        LIST_FOREACH (app_deployments, deployment, app->deployments) {
                _cleanup_free_ char *deployment_path = bus_path_deployment(deployment->id);

                if (!deployment_path)
                        return -ENOMEM;
                if (r >= 0)
                        r = sd_bus_message_append(reply, "o", deployment_path);
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_url(BUS_GETTER)
{
        _cleanup_free_ char *url = app_url(userdata);

        return url ? sd_bus_message_append(reply, "s", url) : -ENOMEM;
}

static int append_names(sd_bus_message *reply, const Variables *variables)
{
        int r = sd_bus_message_open_container(reply, 'a', "s");

        for (size_t i = 0; r >= 0 && i < variables->n; i++)
                r = sd_bus_message_append(reply, "s", variables->items[i].name);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_environment_names(BUS_GETTER)
{
        return append_names(reply, app_variables(userdata));
}

static int get_environment_staged(BUS_GETTER)
{
        _cleanup_variables_ Variables names = {};
        int r = app_staged_variables(userdata, &names);

        return r < 0 ? r : append_names(reply, &names);
}

/* Where what it stores is: systemd has put it there for the dynamic user of its units. */
static int get_data_path(BUS_GETTER)
{
        _cleanup_free_ char *data = app_data_path(((const App *) userdata)->id);

        return data ? sd_bus_message_append(reply, "s", data) : -ENOMEM;
}

/* Releases that are kept. */
static int get_releases(BUS_GETTER)
{
        const App *app = userdata;
        const Deployment *deployment;
        uint32_t n = 0;

        LIST_FOREACH (app_deployments, deployment, app->deployments)
                n += deployment->release_id == deployment->id;
        return sd_bus_message_append(reply, "u", n);
}

static int get_formation(BUS_GETTER)
{
        _cleanup_formation_ Formation formation = {};
        int r = app_formation(userdata, NULL, &formation);

        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "{su}");
        for (size_t i = 0; r >= 0 && i < formation.n; i++)
                r = sd_bus_message_append(reply, "{su}", formation.items[i].process,
                                          formation.items[i].count);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_draining(BUS_GETTER)
{
        return sd_bus_message_append(reply, "u", app_count_draining(userdata));
}

static int get_slice(BUS_GETTER)
{
        _cleanup_free_ char *slice = app_slice(userdata);

        return slice ? sd_bus_message_append(reply, "s", slice) : -ENOMEM;
}

static int app_bus_run_deploy(BusCall *call, void *noun, sd_bus_error *reterr)
{
        return deployment_bus_create(call, noun, reterr);
}

static int run_redeploy(BusCall *call, void *noun, sd_bus_error *reterr)
{
        return app_redeploy(call->bus->params.pipeline, noun, &call->call, reterr);
}

static int run_rollback(BusCall *call, void *noun, sd_bus_error *reterr)
{
        uint64_t to;
        int r = sd_bus_message_read(call->message, "t", &to);

        return r < 0 ? r : app_rollback(call->bus->params.pipeline, noun, to, &call->call, reterr);
}

static int app_bus_run_start(BusCall *call, void *noun, sd_bus_error *reterr)
{
        return app_start(call->bus->params.pipeline, noun, &call->call, reterr);
}

static int run_stop(BusCall *call, void *noun, sd_bus_error *reterr)
{
        return app_stop(call->bus->params.pipeline, noun, &call->call, reterr);
}

static int run_restart(BusCall *call, void *noun, sd_bus_error *reterr)
{
        return app_restart(call->bus->params.pipeline, noun, &call->call, reterr);
}

static int run_clear_cache(BusCall *call, void *noun, sd_bus_error *reterr)
{
        return app_clear_cache(call->bus->params.pipeline, noun, &call->call, reterr);
}

static int run_set_properties(BusCall *call, void *noun, sd_bus_error *reterr)
{
        App *app = noun;
        _cleanup_(app_settings_clear) AppSettings settings = {};
        int r;

        r = app_settings_copy(&settings, &app->settings);
        if (r >= 0)
                r = settings_bus_read(call->bus, call->message, &settings, reterr);
        if (r < 0)
                return r;
        return app_set(call->bus->params.pipeline, app, &settings, &call->call, reterr);
}

static int app_bus_run_remove(BusCall *call, void *noun, sd_bus_error *reterr)
{
        int force, r;

        r = sd_bus_message_read(call->message, "b", &force);
        if (r < 0)
                return r;
        return app_remove(call->bus->params.pipeline, noun, force, &call->call, reterr);
}

static int app_bus_status(const void *noun)
{
        return (int) ((const App *) noun)->status;
}

static const BusMethod methods[] = {
        { "Deploy", ACTION_DEPLOY, app_bus_run_deploy, deployment_bus_reply },
        { "Rollback", ACTION_DEPLOY, run_rollback, deployment_bus_reply },
        { "Redeploy", ACTION_DEPLOY, run_redeploy, environment_bus_set_reply },
        { "SetEnvironment", ACTION_ENVIRONMENT, environment_bus_set, environment_bus_set_reply },
        { "StageEnvironment", ACTION_ENVIRONMENT, environment_bus_stage, NULL },
        { "GetEnvironment", ACTION_ENVIRONMENT, environment_bus_get, environment_bus_get_reply, true },
        { "Start", ACTION_OPERATE, app_bus_run_start, NULL },
        { "Stop", ACTION_OPERATE, run_stop, NULL },
        { "Restart", ACTION_OPERATE, run_restart, NULL },
        { "ClearCache", ACTION_DEPLOY, run_clear_cache, NULL },
        { "SetProperties", ACTION_MANAGE, run_set_properties, NULL },
        { "Remove", ACTION_MANAGE, app_bus_run_remove, NULL },
};

#define CONST   SD_BUS_VTABLE_PROPERTY_CONST
#define CHANGES SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE

static const sd_bus_vtable before[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Name", "s", NULL, offsetof(App, name), CONST),
        SD_BUS_PROPERTY("Repository", "o", get_repository, 0, CHANGES),
        SD_BUS_PROPERTY("Status", "s", app_bus_get_status, 0, CHANGES),
        SD_BUS_PROPERTY("Port", "q", NULL, offsetof(App, port), CONST),
        SD_BUS_PROPERTY("CurrentPort", "q", get_current_port, 0, CHANGES),
        SD_BUS_PROPERTY("Url", "s", get_url, 0, CHANGES),
        SD_BUS_PROPERTY("CurrentDeployment", "o", get_current_deployment, 0, CHANGES),
        SD_BUS_PROPERTY("Deployments", "ao", get_deployments, 0, CHANGES),
        SD_BUS_PROPERTY("Slice", "s", get_slice, 0, CONST),
        SD_BUS_PROPERTY("Draining", "u", get_draining, 0, CHANGES),
        SD_BUS_PROPERTY("CreatedAt", "t", NULL, offsetof(App, created_at), CONST),
        SD_BUS_PROPERTY("EnvironmentNames", "as", get_environment_names, 0, CHANGES),
        SD_BUS_PROPERTY("EnvironmentStaged", "as", get_environment_staged, 0, CHANGES),
        SD_BUS_PROPERTY("DataPath", "s", get_data_path, 0, CONST),
        SD_BUS_PROPERTY("Releases", "u", get_releases, 0, CHANGES),
};

/* Behind the settings. */
static const sd_bus_vtable after[] = {
        SD_BUS_METHOD_WITH_ARGS("Deploy", SD_BUS_ARGS("s", revision, "a{sv}", options),
                                SD_BUS_RESULT("t", id, "o", deployment), bus_caller_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Rollback", SD_BUS_ARGS("t", to), SD_BUS_RESULT("t", id, "o", deployment),
                                bus_caller_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Redeploy", SD_BUS_NO_ARGS, SD_BUS_RESULT("t", id, "o", deployment),
                                bus_caller_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("SetEnvironment", SD_BUS_ARGS("a{ss}", set, "as", unset),
                                SD_BUS_RESULT("t", id, "o", deployment), bus_caller_method,
                                SD_BUS_VTABLE_UNPRIVILEGED | SD_BUS_VTABLE_SENSITIVE),
        SD_BUS_METHOD_WITH_ARGS("StageEnvironment", SD_BUS_ARGS("a{ss}", set, "as", unset), SD_BUS_NO_RESULT,
                                bus_caller_method, SD_BUS_VTABLE_UNPRIVILEGED | SD_BUS_VTABLE_SENSITIVE),
        SD_BUS_METHOD_WITH_ARGS("GetEnvironment", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{ss}", environment),
                                bus_caller_method, SD_BUS_VTABLE_UNPRIVILEGED | SD_BUS_VTABLE_SENSITIVE),
        SD_BUS_METHOD_WITH_ARGS("Start", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, bus_caller_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Stop", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, bus_caller_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Restart", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, bus_caller_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ClearCache", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, bus_caller_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("SetProperties", SD_BUS_ARGS("a{sv}", properties), SD_BUS_NO_RESULT,
                                bus_caller_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Remove", SD_BUS_ARGS("b", force), SD_BUS_NO_RESULT, bus_caller_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static sd_bus_vtable vtable[SETTINGS_VTABLE_MAX];

static void app_bus_fill_vtable(void)
{
        settings_bus_fill(
                &(const SettingsVtable){
                        .before = before,
                        .n_before = ELEMENTSOF(before),
                        .settings = &app_settings,
                        .offset = offsetof(App, settings),
                        .get_formation = get_formation,
                        .after = after,
                        .n_after = ELEMENTSOF(after),
                },
                vtable);
}

const BusClass app_class = {
        .interface = BUS_INTERFACE_APP,
        .path = BUS_PATH_APP,
        .many = true,
        .vtable = vtable,
        .fill_vtable = app_bus_fill_vtable,
        .methods = methods,
        .n_methods = ELEMENTSOF(methods),
        .status = app_bus_status,
};

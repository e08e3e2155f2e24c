/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <search.h>

#include "base/names.h"
#include "daemon/model/deployment.h"
#include "daemon/model/removed-app.h"
#include "daemon/model/repository.h"
#include "dbus/about-bus.h"
#include "dbus/adopt-bus.h"
#include "dbus/app-bus.h"
#include "dbus/bus-args.h"
#include "dbus/bus-object.h"
#include "dbus/bus-path.h"
#include "dbus/credential-bus.h"
#include "dbus/deployment-bus.h"
#include "dbus/facts-bus.h"
#include "dbus/history-bus.h"
#include "dbus/settings-bus.h"
#include "dbus/verify-bus.h"

/* ---- reads ---- */

/* Takes over the path. */
static int reply_path(sd_bus_message *message, char *given)
{
        _cleanup_free_ char *path = given;

        return path ? sd_bus_reply_method_return(message, "o", path) : -ENOMEM;
}

static int method_get_repository(sd_bus_message *message, void *userdata, sd_bus_error *reterr)
{
        Repository *repository;
        const char *name;
        int r;

        r = sd_bus_message_read(message, "s", &name);
        if (r >= 0)
                r = bus_args_find_repository(userdata, name, &repository, reterr);
        return r < 0 ? r : reply_path(message, bus_path_repository(name));
}

static int method_get_app(sd_bus_message *message, void *userdata, sd_bus_error *reterr)
{
        const char *name;
        App *app;
        int r;

        r = sd_bus_message_read(message, "s", &name);
        if (r >= 0)
                r = bus_args_find_app(userdata, name, &app, reterr);
        return r < 0 ? r : reply_path(message, bus_path_app(name));
}

static int method_get_deployment(sd_bus_message *message, void *userdata, sd_bus_error *reterr)
{
        Deployment *deployment;
        uint64_t id;
        int r;

        r = sd_bus_message_read(message, "t", &id);
        if (r >= 0)
                r = bus_args_find_deployment(userdata, id, &deployment, reterr);
        return r < 0 ? r : reply_path(message, bus_path_deployment(id));
}

/* What a walk over one of the model's trees appends to, and how that went so far. */
typedef struct Listing {
        sd_bus_message *reply;
        int r;
} Listing;

static void append_repository(const void *node, VISIT visit, void *userdata)
{
        const Repository *repository = *(Repository *const *) node;
        _cleanup_free_ char *path = NULL;
        Listing *listing = userdata;

        /* The visit in order: by name. */
        if ((visit != postorder && visit != leaf) || listing->r < 0)
                return;
        path = bus_path_repository(repository->name);
        listing->r = path ? sd_bus_message_append(listing->reply, "(ssso)", repository->name,
                                                  repository->git_url, repository->default_branch, path)
                          : -ENOMEM;
}

static void append_app(const void *node, VISIT visit, void *userdata)
{
        const App *app = *(App *const *) node;
        _cleanup_free_ char *path = NULL;
        Listing *listing = userdata;

        if ((visit != postorder && visit != leaf) || listing->r < 0)
                return;
        path = bus_path_app(app->name);
        listing->r =
                path ? sd_bus_message_append(listing->reply, "(sssqqo)", app->name,
                                             app->settings.access_mode, app_status_to_string(app->status),
                                             app->port, app_bus_current_port(app), path)
                     : -ENOMEM;
}

static int reply_listing(sd_bus_message *message, const char *type, const void *tree,
                         void (*append)(const void *node, VISIT visit, void *userdata))
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        Listing listing;
        int r;

        r = sd_bus_message_new_method_return(message, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', type);
        if (r < 0)
                return r;
        listing = (Listing){ .reply = reply };
        twalk_r(tree, append, &listing);
        r = listing.r < 0 ? listing.r : sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_message_send(reply);
}

static int method_list_repositories(sd_bus_message *message, void *userdata, sd_bus_error *reterr)
{
        const Bus *bus = userdata;

        (void) reterr;
        return reply_listing(message, "(ssso)", bus->params.model->repositories_by_name, append_repository);
}

static int method_list_apps(sd_bus_message *message, void *userdata, sd_bus_error *reterr)
{
        const Bus *bus = userdata;

        (void) reterr;
        return reply_listing(message, "(sssqqo)", bus->params.model->apps_by_name, append_app);
}

static int append_removed_app(sd_bus_message *reply, const RemovedApp *removed)
{
        _cleanup_free_ char *path = app_data_path(removed->id);
        int r = path ? sd_bus_message_open_container(reply, 'a', "{sv}") : -ENOMEM;

        if (r >= 0)
                r = sd_bus_message_append(reply, "{sv}{sv}{sv}{sv}{sv}", "Id", "t", removed->id, "Name", "s",
                                          removed->name, "RemovedAt", "t", removed->removed_at, "KeptUntil",
                                          "t", removed->keep_until, "DataPath", "s", path);
        if (r >= 0 && removed->removed_by >= 0)
                r = sd_bus_message_append(reply, "{sv}", "RemovedBy", "u", (uint32_t) removed->removed_by);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int method_list_removed_apps(sd_bus_message *message, void *userdata, sd_bus_error *reterr)
{
        const Model *model = ((const Bus *) userdata)->params.model;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const RemovedApp *removed;
        int r;

        (void) reterr;
        r = sd_bus_message_new_method_return(message, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "a{sv}");
        LIST_FOREACH (removed_apps, removed, model->removed_apps)
                if (r >= 0 && !removed->deleting)
                        r = append_removed_app(reply, removed);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_message_send(reply);
}

static int method_list_migrations(sd_bus_message *message, void *userdata, sd_bus_error *reterr)
{
        const Facts *facts = ((const Bus *) userdata)->params.facts;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r;

        (void) reterr;
        r = sd_bus_message_new_method_return(message, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(usst)");
        for (size_t i = 0; r >= 0 && i < facts->n_migrations; i++)
                r = sd_bus_message_append(reply, "(usst)", facts->migrations[i].version,
                                          facts->migrations[i].name, facts->migrations[i].sha256,
                                          facts->migrations[i].applied_at);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_message_send(reply);
}

/* ---- what changes something ---- */

static int reply_create_repository(BusCall *call, uint64_t id, sd_bus_message *reply)
{
        _cleanup_free_ char *path = NULL;
        const char *name;
        int r;

        (void) id;
        r = sd_bus_message_read(call->message, "s", &name);
        if (r < 0)
                return r;
        path = bus_path_repository(name);
        return path ? sd_bus_message_append(reply, "o", path) : -ENOMEM;
}

static int run_create_app(BusCall *call, void *noun, sd_bus_error *reterr)
{
        _cleanup_(settings_bus_done_new) NewApp app = {};
        const char *name, *repository_name;
        Repository *repository;
        int r;

        (void) noun;
        r = app_settings_init(&app.settings);
        if (r >= 0)
                r = sd_bus_message_read(call->message, "ss", &name, &repository_name);
        if (r >= 0)
                r = bus_args_check_name(name, reterr);
        if (r >= 0)
                r = bus_args_find_repository(call->bus, repository_name, &repository, reterr);
        if (r >= 0)
                r = settings_bus_read_new(call->bus, call->message, &app, reterr);
        if (r < 0)
                return r;
        return app_create(call->bus->params.pipeline, name, repository, &app.settings, app.data, &call->call,
                          reterr);
}

static int reply_create_app(BusCall *call, uint64_t id, sd_bus_message *reply)
{
        _cleanup_free_ char *path = NULL;
        const char *name;
        int r;

        (void) id;
        r = sd_bus_message_read(call->message, "s", &name);
        if (r < 0)
                return r;
        path = bus_path_app(name);
        return path ? sd_bus_message_append(reply, "o", path) : -ENOMEM;
}

static int manager_bus_run_deploy(BusCall *call, void *noun, sd_bus_error *reterr)
{
        const char *name;
        App *app;
        int r;

        (void) noun;
        r = sd_bus_message_read(call->message, "s", &name);
        if (r >= 0)
                r = bus_args_find_app(call->bus, name, &app, reterr);
        return r < 0 ? r : deployment_bus_create(call, app, reterr);
}

static int manager_bus_run_open_log(BusCall *call, void *noun, sd_bus_error *reterr)
{
        uint64_t id;
        int r;

        (void) noun;
        r = sd_bus_message_read(call->message, "t", &id);
        return r < 0 ? r : log_open(call->bus->params.pipeline, id, &call->call, reterr);
}

static int manager_bus_run_reload(BusCall *call, void *noun, sd_bus_error *reterr)
{
        int r;

        (void) noun;
        r = call->bus->params.reload(call->bus->params.userdata, reterr);
        if (r < 0)
                return r;
        call->call.done(call->call.userdata, NULL, 0);
        return 0;
}

static const BusMethod methods[] = {
        { "CreateRepository", ACTION_MANAGE, credential_bus_run_create, reply_create_repository,
          .verb = "create", .about = about_bus_new_repository },
        { "CreateApp", ACTION_MANAGE, run_create_app, reply_create_app, .verb = "create",
          .about = about_bus_new_app },
        { "Deploy", ACTION_DEPLOY, manager_bus_run_deploy, deployment_bus_reply, .verb = "deploy",
          .about = about_bus_named_app },
        { "OpenLog", ACTION_LOGS, manager_bus_run_open_log, deployment_bus_reply_log, true,
          .verb = "read the log of", .about = about_bus_log },
        { "DescribeOutput", ACTION_LOGS, history_bus_run_output, history_bus_reply_output, true,
          .verb = "read the log of", .about = about_bus_log },
        { "Verify", ACTION_MANAGE, verify_bus_run, NULL, true, .verb = "verify" },
        { "Reload", ACTION_MANAGE, manager_bus_run_reload, NULL, true, .verb = "reload" },
        { "Adopt", ACTION_MANAGE, adopt_bus_run, NULL, true, .verb = "adopt" },
};

#define CHANGES SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Version", "s", facts_bus_get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("SchemaVersion", "u", facts_bus_get_schema_version, 0, CHANGES),
        SD_BUS_PROPERTY("PortRange", "(qq)", facts_bus_get_port_range, 0, CHANGES),
        SD_BUS_PROPERTY("PortsAssigned", "u", facts_bus_get_ports_assigned, 0, CHANGES),
        SD_BUS_PROPERTY("DatabaseState", "s", facts_bus_get_database_state, 0, CHANGES),
        SD_BUS_PROPERTY("SandboxState", "s", facts_bus_get_sandbox_state, 0, CHANGES),
        SD_BUS_PROPERTY("SandboxMissing", "as", facts_bus_get_sandbox_missing, 0, CHANGES),
        SD_BUS_PROPERTY("Attention", "s", facts_bus_get_attention, 0, CHANGES),
        SD_BUS_PROPERTY("DeploymentsQueued", "u", facts_bus_get_deployments_queued, 0, CHANGES),
        SD_BUS_PROPERTY("DeploymentsRunning", "u", facts_bus_get_deployments_running, 0, CHANGES),
        SD_BUS_METHOD_WITH_ARGS("CreateRepository",
                                SD_BUS_ARGS("s", name, "s", git_url, "s", default_branch, "a{sv}", options),
                                SD_BUS_RESULT("o", repository), bus_caller_method,
                                SD_BUS_VTABLE_UNPRIVILEGED | SD_BUS_VTABLE_SENSITIVE),
        SD_BUS_METHOD_WITH_ARGS("CreateApp", SD_BUS_ARGS("s", name, "s", repository, "a{sv}", options),
                                SD_BUS_RESULT("o", app), bus_caller_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetRepository", SD_BUS_ARGS("s", name), SD_BUS_RESULT("o", repository),
                                method_get_repository, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetApp", SD_BUS_ARGS("s", name), SD_BUS_RESULT("o", app), method_get_app,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetDeployment", SD_BUS_ARGS("t", id), SD_BUS_RESULT("o", deployment),
                                method_get_deployment, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("DescribeDeployment", SD_BUS_ARGS("t", id),
                                SD_BUS_RESULT("a{sv}", properties), history_bus_describe_deployment,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("DescribeOutput", SD_BUS_ARGS("t", id), SD_BUS_RESULT("a{sv}", properties),
                                bus_caller_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListRepositories", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(ssso)", repositories),
                                method_list_repositories, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListApps", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(sssqqo)", apps),
                                method_list_apps, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListRemovedApps", SD_BUS_NO_ARGS, SD_BUS_RESULT("aa{sv}", apps),
                                method_list_removed_apps, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListDeployments", SD_BUS_ARGS("s", app, "t", before, "u", limit),
                                SD_BUS_RESULT("a(tsssqtts)", deployments), history_bus_list_deployments,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Deploy", SD_BUS_ARGS("s", app, "s", revision, "a{sv}", options),
                                SD_BUS_RESULT("t", id, "o", deployment), bus_caller_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("OpenLog", SD_BUS_ARGS("t", id), SD_BUS_RESULT("h", log), bus_caller_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListMigrations", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(usst)", migrations),
                                method_list_migrations, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Verify", SD_BUS_NO_ARGS, SD_BUS_RESULT("b", passed, "a(ssbs)", checks),
                                bus_caller_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Adopt", SD_BUS_ARGS("b", really), SD_BUS_RESULT("as", lines),
                                bus_caller_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Reload", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, bus_caller_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL_WITH_ARGS("DeploymentNew", SD_BUS_ARGS("t", id, "o", deployment, "s", app), 0),
        SD_BUS_SIGNAL_WITH_ARGS("DeploymentFinished",
                                SD_BUS_ARGS("t", id, "o", deployment, "s", app, "s", status), 0),
        SD_BUS_SIGNAL_WITH_ARGS("AppRemoved", SD_BUS_ARGS("t", id, "s", app), 0),
        SD_BUS_VTABLE_END,
};

const BusClass manager_class = {
        .interface = BUS_INTERFACE_MANAGER,
        .path = BUS_PATH,
        .vtable = vtable,
        .methods = methods,
        .n_methods = ELEMENTSOF(methods),
};

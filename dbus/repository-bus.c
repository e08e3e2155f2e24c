/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/names.h"
#include "daemon/model/repository.h"
#include "daemon/model/validate.h"
#include "dbus/bus-args.h"
#include "dbus/bus-getter.h"
#include "dbus/bus-object.h"
#include "dbus/bus-path.h"
#include "dbus/credential-bus.h"
#include "dbus/settings-bus.h"

static int get_apps(BUS_GETTER)
{
        const Repository *repository = userdata;
        const App *app;
        int r;

        r = sd_bus_message_open_container(reply, 'a', "o");
        LIST_FOREACH (repository_apps, app, repository->apps) {
                _cleanup_free_ char *app_path = bus_path_app(app->name);

                if (!app_path)
                        return -ENOMEM;
                if (r >= 0)
                        r = sd_bus_message_append(reply, "o", app_path);
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int run_fetch(BusCall *call, void *noun, sd_bus_error *reterr)
{
        return repository_fetch(call->bus->params.pipeline, noun, &call->call, reterr);
}

static int get_has_credential(BUS_GETTER)
{
        const Repository *repository = userdata;

        return sd_bus_message_append(reply, "b", (int) repository->has_credential);
}

static int run_set_default_branch(BusCall *call, void *noun, sd_bus_error *reterr)
{
        const char *branch;
        int r;

        r = sd_bus_message_read(call->message, "s", &branch);
        if (r >= 0)
                r = bus_args_check_revision("default-branch", branch, true, reterr);
        if (r < 0)
                return r;
        return repository_set_default_branch(call->bus->params.pipeline, noun, branch, &call->call, reterr);
}

static int run_set_submodules(BusCall *call, void *noun, sd_bus_error *reterr)
{
        const char *submodules;
        int r;

        r = sd_bus_message_read(call->message, "s", &submodules);
        if (r < 0)
                return r;
        if (!submodules_is_valid(submodules))
                return sd_bus_error_set(reterr, SD_BUS_ERROR_INVALID_ARGS, "Submodules is yes or no");
        return repository_set_submodules(call->bus->params.pipeline, noun, submodules, &call->call, reterr);
}

static int repository_bus_run_remove(BusCall *call, void *noun, sd_bus_error *reterr)
{
        return repository_remove(call->bus->params.pipeline, noun, &call->call, reterr);
}

static int about_repository(_unused_ BusCall *call, void *noun, BusRight *right,
                            _unused_ sd_bus_error *reterr)
{
        right->key = "repository";
        right->name = ((const Repository *) noun)->name;
        return 0;
}

static const BusMethod methods[] = {
        { "Fetch", ACTION_DEPLOY, run_fetch, NULL, .verb = "fetch" },
        { "SetGitUrl", ACTION_MANAGE, credential_bus_run_set_git_url, NULL, .verb = "change" },
        { "SetDefaultBranch", ACTION_MANAGE, run_set_default_branch, NULL, .verb = "change" },
        { "SetSubmodules", ACTION_MANAGE, run_set_submodules, NULL, .verb = "change" },
        { "SetCredential", ACTION_ENVIRONMENT, credential_bus_run_set, NULL,
          .verb = "change the credential of" },
        { "GenerateKey", ACTION_MANAGE, credential_bus_run_generate_key, NULL, .verb = "make a key for" },
        { "SetKnownHosts", ACTION_MANAGE, credential_bus_run_set_known_hosts, NULL,
          .verb = "change the known hosts of" },
        { "Remove", ACTION_MANAGE, repository_bus_run_remove, NULL, .verb = "remove" },
};

#define CONST   SD_BUS_VTABLE_PROPERTY_CONST
#define CHANGES SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE

static const sd_bus_vtable before[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Name", "s", NULL, offsetof(Repository, name), CONST),
};

/* Behind the settings. */
static const sd_bus_vtable after[] = {
        SD_BUS_PROPERTY("HeadRevision", "s", NULL, offsetof(Repository, head_revision), CHANGES),
        SD_BUS_PROPERTY("LastFetchedAt", "t", NULL, offsetof(Repository, last_fetched_at), CHANGES),
        SD_BUS_PROPERTY("CreatedAt", "t", NULL, offsetof(Repository, created_at), CONST),
        SD_BUS_PROPERTY("HasCredential", "b", get_has_credential, 0, CHANGES),
        SD_BUS_PROPERTY("Apps", "ao", get_apps, 0, CHANGES),
        SD_BUS_METHOD_WITH_ARGS("Fetch", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, bus_caller_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("SetGitUrl", SD_BUS_ARGS("s", git_url), SD_BUS_NO_RESULT, bus_caller_method,
                                SD_BUS_VTABLE_UNPRIVILEGED | SD_BUS_VTABLE_SENSITIVE),
        SD_BUS_METHOD_WITH_ARGS("SetDefaultBranch", SD_BUS_ARGS("s", default_branch), SD_BUS_NO_RESULT,
                                bus_caller_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("SetSubmodules", SD_BUS_ARGS("s", submodules), SD_BUS_NO_RESULT,
                                bus_caller_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("SetCredential", SD_BUS_ARGS("v", credential), SD_BUS_NO_RESULT,
                                bus_caller_method, SD_BUS_VTABLE_UNPRIVILEGED | SD_BUS_VTABLE_SENSITIVE),
        SD_BUS_METHOD_WITH_ARGS("GenerateKey", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", public_half),
                                bus_caller_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("SetKnownHosts", SD_BUS_ARGS("s", known_hosts), SD_BUS_NO_RESULT,
                                bus_caller_method, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Remove", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, bus_caller_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static sd_bus_vtable vtable[SETTINGS_VTABLE_MAX];

static void repository_bus_fill_vtable(void)
{
        settings_bus_fill(
                &(const SettingsVtable){
                        .before = before,
                        .n_before = ELEMENTSOF(before),
                        .settings = &repository_settings,
                        .after = after,
                        .n_after = ELEMENTSOF(after),
                },
                vtable);
}

const BusClass repository_class = {
        .interface = BUS_INTERFACE_REPOSITORY,
        .path = BUS_PATH_REPOSITORY,
        .many = true,
        .vtable = vtable,
        .fill_vtable = repository_bus_fill_vtable,
        .methods = methods,
        .n_methods = ELEMENTSOF(methods),
        .about = about_repository,
};

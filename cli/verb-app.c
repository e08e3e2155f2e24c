/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Apps: app create, list, show, set; start, stop, restart; cache clear. */

#include <stdio.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"
#include "cli/app.h"
#include "cli/arguments.h"
#include "cli/bus.h"
#include "cli/listing.h"
#include "cli/removed.h"
#include "cli/verb.h"

static const Column list_columns[] = {
        { "NAME", "name", NULL, CELL_TEXT },
        { "ACCESS", "access", NULL, CELL_TEXT },
        { "STATUS", "status", NULL, CELL_TEXT },
        { "PORT", "port", NULL, CELL_PORT },
        { "CURRENT PORT", "current_port", NULL, CELL_PORT },
        { "PATH", "path", NULL, CELL_HIDDEN },
};

/* Everything an app can have; shown is what deployd publishes. Settings that go with something else have a
 * place beside it. */
static const Column show_columns[] = {
        { "Name", "name", "Name", CELL_TEXT },
        { "Repository", "repository", "Repository", CELL_TEXT },
        { "Status", "status", "Status", CELL_TEXT },
        { "URL", "url", "Url", CELL_TEXT },
        { "Port", "port", "Port", CELL_PORT },
        { "Current port", "current_port", "CurrentPort", CELL_PORT },
        { "Current deployment", "current_deployment", "CurrentDeployment", CELL_TEXT },
        { "Deployments", "deployments", "Deployments", CELL_LIST },
        { "Draining", "draining", "Draining", CELL_NUMBER },
        COLUMN_OF_SETTING("AccessMode"),
        { "Domains", "domains", "Domains", CELL_LIST },
        { "Connects to", "connect_to", "ConnectTo", CELL_LIST },
        COLUMN_OF_SETTING("Branch"),
        COLUMN_OF_SETTING("Directory"),
        { "Deployed by itself", "auto_deploy", "AutoDeploy", CELL_FLAG },
        COLUMN_OF_SETTING("Buildpack"),
        COLUMN_OF_SETTING("BuildCommand"),
        { "Releases", "releases", "Releases", CELL_NUMBER },
        COLUMN_OF_SETTING("KeepReleases"),
        COLUMN_OF_SETTING("Formation"),
        { "Environment", "environment_names", "EnvironmentNames", CELL_LIST },
        { "Staged", "environment_staged", "EnvironmentStaged", CELL_LIST },
        COLUMNS_OF_SETTINGS,
        { "Idle timeout", "idle_timeout", "IdleTimeoutUSec", CELL_DURATION },
        { "Slice", "slice", "Slice", CELL_TEXT },
        { "Data", "data_path", "DataPath", CELL_TEXT },
        { "Created", "created", "CreatedAt", CELL_TIME },
};

int apps_print(sd_bus *bus, bool json)
{
        static const Listing listing = {
                "ListApps",
                "sssqqo",
                "apps",
                list_columns,
                ELEMENTSOF(list_columns),
                "there is no app yet; 'deployctl app create NAME REPO' makes one",
        };

        return listing_print(bus, &listing, json, "");
}

static int assignments_append(sd_bus_message *call, const Assignment *assignments, size_t n)
{
        int r = sd_bus_message_open_container(call, 'a', "{sv}");

        for (size_t i = 0; r >= 0 && i < n; i++) {
                const Setting *setting = assignments[i].setting;
                const char *signature = setting_signature(setting);

                if (setting_is_text(setting))
                        r = sd_bus_message_append(call, "{sv}", setting->property, signature,
                                                  assignments[i].text);
                else if (setting->type == SETTING_NUMBER)
                        r = sd_bus_message_append(call, "{sv}", setting->property, signature,
                                                  (uint32_t) MIN2(assignments[i].number, UINT32_MAX));
                else
                        r = sd_bus_message_append(call, "{sv}", setting->property, signature,
                                                  assignments[i].number);
        }
        return r < 0 ? r : sd_bus_message_close_container(call);
}

int verb_app_create(const Invocation *invocation)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        const char *name = invocation_argument(invocation, 0),
                   *repository = invocation_argument(invocation, 1);
        Assignment assignments[SETTINGS_MAX];
        size_t n;
        int r = settings_read(&settings_of_new_app, invocation->arguments + 2, invocation->n_arguments - 2,
                              assignments, &n);

        if (r == EXIT_DONE)
                r = bus_open(&bus);
        if (r != EXIT_DONE)
                return r;
        r = sd_bus_message_new_method_call(bus, &call, BUS_NAME, BUS_PATH, BUS_INTERFACE_MANAGER,
                                           "CreateApp");
        if (r >= 0)
                r = sd_bus_message_append(call, "ss", name, repository);
        if (r >= 0)
                r = assignments_append(call, assignments, n);
        if (r < 0)
                return bus_report(NULL, r);
        r = bus_send(bus, CALL_TIMEOUT, call, NULL);
        if (r == EXIT_DONE)
                printf("app %s created; 'deployctl deploy %s' brings it up\n", name, name);
        return r;
}

int verb_app_list(const Invocation *invocation)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(removed_apps_clear) RemovedApps removed = { 0 };
        bool json = invocation_has(invocation, OPTION_JSON);
        int r = bus_open(&bus);

        if (r != EXIT_DONE || !invocation_has(invocation, OPTION_REMOVED))
                return r != EXIT_DONE ? r : apps_print(bus, json);
        r = removed_apps_read(bus, &removed);
        if (r != EXIT_DONE)
                return r;
        r = removed_apps_print(&removed, json);
        return r < 0 ? bus_report(NULL, r) : EXIT_DONE;
}

int verb_app_show(const Invocation *invocation)
{
        static const Kind kind = { "GetApp",     BUS_INTERFACE_APP,        "app",
                                   show_columns, ELEMENTSOF(show_columns), &app_settings };

        return object_print(&kind, invocation_argument(invocation, 0),
                            invocation_has(invocation, OPTION_JSON));
}

int verb_app_set(const Invocation *invocation)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        _cleanup_(app_clear) App app = { 0 };
        const char *name = invocation_argument(invocation, 0);
        Assignment assignments[SETTINGS_MAX];
        size_t n;
        int r = settings_read(&settings_of_app, invocation->arguments + 1, invocation->n_arguments - 1,
                              assignments, &n);

        if (r == EXIT_DONE)
                r = bus_open(&bus);
        if (r == EXIT_DONE)
                r = app_call_new(bus, name, "SetProperties", &call);
        if (r != EXIT_DONE)
                return r;
        r = assignments_append(call, assignments, n);
        if (r < 0)
                return bus_report(NULL, r);
        r = bus_send(bus, CALL_TIMEOUT, call, NULL);
        if (r != EXIT_DONE)
                return r;
        printf("settings of app %s changed\n", name);
        r = app_read(bus, name, &app);
        if (r == EXIT_DONE && app_is_stopped(&app))
                printf("%s is stopped: they take effect when it starts\n", name);
        return r;
}

int verb_start(const Invocation *invocation)
{
        return app_call(invocation_argument(invocation, 0), "Start", "");
}

int verb_stop(const Invocation *invocation)
{
        return app_call(invocation_argument(invocation, 0), "Stop", "");
}

int verb_restart(const Invocation *invocation)
{
        return app_call(invocation_argument(invocation, 0), "Restart", "");
}

int verb_cache_clear(const Invocation *invocation)
{
        const char *name = invocation_argument(invocation, 0);
        int r = app_call(name, "ClearCache", "");

        if (r == EXIT_DONE)
                printf("the build cache of %s is removed; the next build begins without it\n", name);
        return r;
}

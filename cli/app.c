/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/app.h"

#include <stdarg.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"
#include "cli/bus.h"
#include "cli/verb.h"

static const Field fields[] = {
        { "Status", 's', offsetof(App, status) },
        { "CurrentDeployment", 'o', offsetof(App, current_deployment) },
        { "Repository", 'o', offsetof(App, repository) },
        { "EnvironmentStaged", 'A', offsetof(App, staged) },
        { "DataPath", 's', offsetof(App, data_path) },
        { "Releases", 'u', offsetof(App, releases) },
};

int app_read(sd_bus *bus, const char *name, App *ret)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *properties = NULL;
        int r = bus_find(bus, "GetApp", name, &ret->path);

        if (r == EXIT_DONE)
                r = bus_get_properties(bus, ret->path, BUS_INTERFACE_APP, &properties);
        if (r != EXIT_DONE)
                return r;
        r = bus_read_properties(properties, fields, ELEMENTSOF(fields), ret);
        return r < 0 ? bus_report(NULL, r) : EXIT_DONE;
}

void app_clear(App *app)
{
        free(app->path);
        free(app->status);
        free(app->current_deployment);
        free(app->repository);
        texts_free(app->staged);
        free(app->data_path);
        *app = (App){ 0 };
}

bool app_is_live(const App *app)
{
        return app->current_deployment && strcmp(app->current_deployment, "/") != 0;
}

bool app_is_stopped(const App *app)
{
        return strcmp(text_or_empty(app->status), "stopped") == 0;
}

int app_call_new(sd_bus *bus, const char *name, const char *method, sd_bus_message **ret)
{
        _cleanup_free_ char *path = NULL;
        int r = bus_find(bus, "GetApp", name, &path);

        if (r != EXIT_DONE)
                return r;
        r = sd_bus_message_new_method_call(bus, ret, BUS_NAME, path, BUS_INTERFACE_APP, method);
        return r < 0 ? bus_report(NULL, r) : EXIT_DONE;
}

int app_call(const char *name, const char *method, const char *types, ...)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        va_list arguments;
        int r = bus_open(&bus);

        if (r == EXIT_DONE)
                r = app_call_new(bus, name, method, &call);
        if (r != EXIT_DONE)
                return r;
        va_start(arguments, types);
        r = sd_bus_message_appendv(call, types, arguments);
        va_end(arguments);
        return r < 0 ? bus_report(NULL, r) : bus_send(bus, CALL_TIMEOUT, call, NULL);
}

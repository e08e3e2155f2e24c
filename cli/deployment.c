/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/deployment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"
#include "cli/verb.h"

static const Field fields[] = {
        { "Id", 't', offsetof(Deployment, id) },
        { "AppName", 's', offsetof(Deployment, app) },
        { "Status", 's', offsetof(Deployment, status) },
        { "StatusText", 's', offsetof(Deployment, status_text) },
        { "Revision", 's', offsetof(Deployment, revision) },
        { "ErrorSummary", 's', offsetof(Deployment, error_summary) },
        { "AssignedPort", 'q', offsetof(Deployment, port) },
        { "Progress", 'd', offsetof(Deployment, progress) },
        { "SettlesAt", 't', offsetof(Deployment, settles_at) },
        { "Units", 'A', offsetof(Deployment, units) },
        { "Warnings", 'A', offsetof(Deployment, warnings) },
};

static const char *const ends[] = { "live", "superseded", "failed", "cancelled" };

typedef struct Published {
        Deployment deployment;
        char *path;
} Published;

typedef struct List {
        Published *items;
        size_t n;
} List;

void deployment_clear(Deployment *deployment)
{
        free(deployment->app);
        free(deployment->status);
        free(deployment->status_text);
        free(deployment->revision);
        free(deployment->error_summary);
        texts_free(deployment->units);
        texts_free(deployment->warnings);
        *deployment = (Deployment){ 0 };
}

int deployment_read(Deployment *deployment, sd_bus_message *message)
{
        return bus_read_properties(message, fields, ELEMENTSOF(fields), deployment);
}

int deployment_ask_output(sd_bus *bus, uint64_t id, sd_bus_message **ret)
{
        int r = sd_bus_message_new_method_call(bus, ret, BUS_NAME, BUS_PATH, BUS_INTERFACE_MANAGER,
                                               "DescribeOutput");

        if (r >= 0)
                r = sd_bus_message_set_auto_start(*ret, false);
        if (r >= 0)
                r = sd_bus_message_append(*ret, "t", id);
        return r < 0 ? r : 0;
}

void deployment_read_output(Deployment *deployment)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;

        if (sd_bus_open_system(&bus) >= 0 && deployment_ask_output(bus, deployment->id, &call) >= 0 &&
            sd_bus_call(bus, call, CALL_TIMEOUT, NULL, &reply) >= 0)
                (void) deployment_read(deployment, reply);
}

bool deployment_has_ended(const Deployment *deployment)
{
        for (size_t i = 0; deployment->status && i < ELEMENTSOF(ends); i++)
                if (strcmp(deployment->status, ends[i]) == 0)
                        return true;
        return false;
}

static void list_clear(List *list)
{
        for (size_t i = 0; i < list->n; i++) {
                deployment_clear(&list->items[i].deployment);
                free(list->items[i].path);
        }
        free(list->items);
}

static int deployment_list_add(List *list, const char *path, sd_bus_message *properties)
{
        Published *items = reallocarray(list->items, list->n + 1, sizeof(*items));

        if (!items)
                return -ENOMEM;
        list->items = items;
        items[list->n] = (Published){ .path = strdup(path) };
        if (!items[list->n].path)
                return -ENOMEM;
        return deployment_read(&items[list->n++].deployment, properties);
}

/* One object of GetManagedObjects: its path and its interfaces with their properties. */
static int object_read(List *list, sd_bus_message *reply)
{
        const char *path, *interface;
        int r = sd_bus_message_read(reply, "o", &path);

        if (r >= 0)
                r = sd_bus_message_enter_container(reply, 'a', "{sa{sv}}");
        while (r >= 0) {
                r = sd_bus_message_enter_container(reply, 'e', "sa{sv}");
                if (r <= 0)
                        break;
                r = sd_bus_message_read(reply, "s", &interface);
                if (r >= 0)
                        r = strcmp(interface, BUS_INTERFACE_DEPLOYMENT) == 0
                                    ? deployment_list_add(list, path, reply)
                                    : sd_bus_message_skip(reply, "a{sv}");
                if (r >= 0)
                        r = sd_bus_message_exit_container(reply);
        }
        return r < 0 ? r : sd_bus_message_exit_container(reply);
}

static int deployment_list_read(List *list, sd_bus_message *reply)
{
        int r = sd_bus_message_enter_container(reply, 'a', "{oa{sa{sv}}}");

        while (r >= 0) {
                r = sd_bus_message_enter_container(reply, 'e', "oa{sa{sv}}");
                if (r <= 0)
                        return r;
                r = object_read(list, reply);
                if (r >= 0)
                        r = sd_bus_message_exit_container(reply);
        }
        return r;
}

static int published_compare(const void *a, const void *b)
{
        const Published *one = a, *other = b;

        return one->deployment.id < other->deployment.id ? -1 : one->deployment.id > other->deployment.id;
}

int deployments_each(sd_bus *bus, const char *app,
                     int (*each)(const Deployment *deployment, const char *path, void *userdata),
                     void *userdata)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_free_ char *path = NULL;
        _cleanup_(list_clear) List list = { 0 };
        int r;

        if (app[0]) { /* says that there is no such app */
                r = bus_find(bus, "GetApp", app, &path);
                if (r != EXIT_DONE)
                        return r;
        }
        r = bus_call(bus, CALL_TIMEOUT, BUS_PATH, INTERFACE_OBJECTS, "GetManagedObjects", &reply, "");
        if (r != EXIT_DONE)
                return r;
        r = deployment_list_read(&list, reply);
        if (r < 0)
                return bus_report(NULL, r);
        if (list.n > 0)
                qsort(list.items, list.n, sizeof(*list.items), published_compare);
        r = EXIT_DONE;
        for (size_t i = 0; r == EXIT_DONE && i < list.n; i++)
                if (!app[0] || strcmp(text_or_empty(list.items[i].deployment.app), app) == 0)
                        r = each(&list.items[i].deployment, list.items[i].path, userdata);
        return r;
}

int deployment_find(sd_bus *bus, uint64_t id, char **ret_path)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *path;
        int r = bus_call(bus, CALL_TIMEOUT, BUS_PATH, BUS_INTERFACE_MANAGER, "GetDeployment", &reply, "t",
                         id);

        if (r != EXIT_DONE)
                return r;
        r = sd_bus_message_read(reply, "o", &path);
        if (r >= 0)
                r = text_replace(ret_path, path);
        return r < 0 ? bus_report(NULL, r) : EXIT_DONE;
}

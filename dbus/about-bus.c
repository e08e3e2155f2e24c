/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/about-bus.h"

#include <inttypes.h>
#include <stdio.h>

#include "daemon/model/deployment.h"
#include "dbus/bus-args.h"

static int about_new(const BusCall *call, const char *key, BusRight *right, sd_bus_error *reterr)
{
        int r = sd_bus_message_read(call->message, "s", &right->name);

        right->key = key;
        return r < 0 ? r : bus_args_check_name(right->name, reterr);
}

int about_bus_new_repository(BusCall *call, _unused_ void *noun, BusRight *right, sd_bus_error *reterr)
{
        return about_new(call, "repository", right, reterr);
}

int about_bus_new_app(BusCall *call, _unused_ void *noun, BusRight *right, sd_bus_error *reterr)
{
        return about_new(call, "app", right, reterr);
}

int about_bus_named_app(BusCall *call, _unused_ void *noun, BusRight *right, sd_bus_error *reterr)
{
        App *app;
        int r = sd_bus_message_read(call->message, "s", &right->name);

        right->key = "app";
        return r < 0 ? r : bus_args_find_app(call->bus, right->name, &app, reterr);
}

/* Whose a deployment was that is not in memory is not known here. */
int about_bus_log(BusCall *call, _unused_ void *noun, BusRight *right, _unused_ sd_bus_error *reterr)
{
        const Deployment *deployment;
        uint64_t id;
        int r = sd_bus_message_read(call->message, "t", &id);

        if (r < 0)
                return r;
        deployment = model_deployment(call->bus->params.model, id);
        (void) snprintf(right->number, sizeof(right->number), "%" PRIu64, id);
        right->key = deployment ? "app" : "deployment";
        right->name = deployment ? deployment->app->name : right->number;
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/environment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/app.h"
#include "cli/bus.h"
#include "cli/verb.h"

int environment_call_new(sd_bus *bus, const char *name, const char *method, sd_bus_message **ret)
{
        int r = app_call_new(bus, name, method, ret);

        if (r != EXIT_DONE)
                return r;
        r = sd_bus_message_sensitive(*ret);
        return r < 0 ? bus_report(NULL, r) : EXIT_DONE;
}

static int environment_add(Environment *environment, const char *name, const char *value)
{
        Variable *items = reallocarray(environment->items, environment->n + 1, sizeof(*items));

        if (!items)
                return -ENOMEM;
        environment->items = items;
        items[environment->n++] = (Variable){ name, value };
        return 0;
}

int environment_read(sd_bus *bus, const char *name, Environment *ret)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        const char *variable, *value;
        int r = environment_call_new(bus, name, "GetEnvironment", &call);

        if (r == EXIT_DONE)
                r = bus_send(bus, CALL_TIMEOUT, call, &ret->reply);
        if (r != EXIT_DONE)
                return r;
        r = sd_bus_message_enter_container(ret->reply, 'a', "{ss}");
        while (r >= 0 && (r = sd_bus_message_read(ret->reply, "{ss}", &variable, &value)) > 0)
                r = environment_add(ret, variable, value);
        return r < 0 ? bus_report(NULL, r) : EXIT_DONE;
}

void environment_clear(Environment *environment)
{
        free(environment->items);
        sd_bus_message_unref(environment->reply);
        *environment = (Environment){ 0 };
}

const char *environment_find(const Environment *environment, const char *name)
{
        for (size_t i = 0; i < environment->n; i++)
                if (strcmp(environment->items[i].name, name) == 0)
                        return environment->items[i].value;
        return NULL;
}

bool environment_equals(const Environment *one, const Environment *other)
{
        if (one->n != other->n)
                return false;
        for (size_t i = 0; i < one->n; i++) {
                const char *value = environment_find(other, one->items[i].name);

                if (!value || strcmp(value, one->items[i].value) != 0)
                        return false;
        }
        return true;
}

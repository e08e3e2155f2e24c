/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/facts-bus.h"

#include "base/text.h"
#include "dbus/bus-private.h"

int facts_bus_get_version(BUS_GETTER)
{
        return sd_bus_message_append(reply, "s", DEPLOYD_VERSION);
}

int facts_bus_get_schema_version(BUS_GETTER)
{
        const Bus *bus = userdata;

        return sd_bus_message_append(reply, "u", bus->params.facts->schema_version);
}

int facts_bus_get_port_range(BUS_GETTER)
{
        const Facts *facts = ((const Bus *) userdata)->params.facts;

        return sd_bus_message_append(reply, "(qq)", facts->port_low, facts->port_high);
}

int facts_bus_get_ports_assigned(BUS_GETTER)
{
        const Bus *bus = userdata;

        return sd_bus_message_append(reply, "u", bus->params.model->n_ports_assigned);
}

int facts_bus_get_database_state(BUS_GETTER)
{
        const Bus *bus = userdata;

        return sd_bus_message_append(reply, "s", bus->params.facts->database_state);
}

int facts_bus_get_attention(BUS_GETTER)
{
        const Bus *bus = userdata;

        return sd_bus_message_append(reply, "s", text_or_empty(bus->params.facts->attention));
}

int facts_bus_get_deployments_queued(BUS_GETTER)
{
        const Bus *bus = userdata;

        return sd_bus_message_append(reply, "u", bus->params.model->n_queued);
}

int facts_bus_get_deployments_running(BUS_GETTER)
{
        const Bus *bus = userdata;

        return sd_bus_message_append(reply, "u", bus->params.model->n_running);
}

int facts_bus_get_sandbox_state(BUS_GETTER)
{
        const Bus *bus = userdata;

        return sd_bus_message_append(reply, "s", bus->params.facts->sandbox_state);
}

int facts_bus_get_sandbox_missing(BUS_GETTER)
{
        const Bus *bus = userdata;
        int r = sd_bus_message_open_container(reply, 'a', "s");

        for (const char *const *word = bus->params.facts->sandbox_missing; r >= 0 && *word; word++)
                r = sd_bus_message_append(reply, "s", *word);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

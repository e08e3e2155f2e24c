/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/facts-bus.h"

#include "base/text.h"
#include "dbus/bus-private.h"

int facts_bus_get_version(sd_bus *connection, const char *path, const char *interface, const char *property,
                          sd_bus_message *reply, void *userdata, sd_bus_error *reterr)
{
        (void) connection, (void) path, (void) interface, (void) property, (void) userdata, (void) reterr;
        return sd_bus_message_append(reply, "s", DEPLOYD_VERSION);
}

int facts_bus_get_schema_version(sd_bus *connection, const char *path, const char *interface,
                                 const char *property, sd_bus_message *reply, void *userdata,
                                 sd_bus_error *reterr)
{
        const Bus *bus = userdata;

        (void) connection, (void) path, (void) interface, (void) property, (void) reterr;
        return sd_bus_message_append(reply, "u", bus->params.facts->schema_version);
}

int facts_bus_get_port_range(sd_bus *connection, const char *path, const char *interface,
                             const char *property, sd_bus_message *reply, void *userdata,
                             sd_bus_error *reterr)
{
        const Facts *facts = ((const Bus *) userdata)->params.facts;

        (void) connection, (void) path, (void) interface, (void) property, (void) reterr;
        return sd_bus_message_append(reply, "(qq)", facts->port_low, facts->port_high);
}

int facts_bus_get_ports_assigned(sd_bus *connection, const char *path, const char *interface,
                                 const char *property, sd_bus_message *reply, void *userdata,
                                 sd_bus_error *reterr)
{
        const Bus *bus = userdata;

        (void) connection, (void) path, (void) interface, (void) property, (void) reterr;
        return sd_bus_message_append(reply, "u", bus->params.model->n_ports_assigned);
}

int facts_bus_get_database_state(sd_bus *connection, const char *path, const char *interface,
                                 const char *property, sd_bus_message *reply, void *userdata,
                                 sd_bus_error *reterr)
{
        const Bus *bus = userdata;

        (void) connection, (void) path, (void) interface, (void) property, (void) reterr;
        return sd_bus_message_append(reply, "s", bus->params.facts->database_state);
}

int facts_bus_get_attention(sd_bus *connection, const char *path, const char *interface,
                            const char *property, sd_bus_message *reply, void *userdata,
                            sd_bus_error *reterr)
{
        const Bus *bus = userdata;

        (void) connection, (void) path, (void) interface, (void) property, (void) reterr;
        return sd_bus_message_append(reply, "s", text_or_empty(bus->params.facts->attention));
}

int facts_bus_get_deployments_queued(sd_bus *connection, const char *path, const char *interface,
                                     const char *property, sd_bus_message *reply, void *userdata,
                                     sd_bus_error *reterr)
{
        const Bus *bus = userdata;

        (void) connection, (void) path, (void) interface, (void) property, (void) reterr;
        return sd_bus_message_append(reply, "u", bus->params.model->n_queued);
}

int facts_bus_get_deployments_running(sd_bus *connection, const char *path, const char *interface,
                                      const char *property, sd_bus_message *reply, void *userdata,
                                      sd_bus_error *reterr)
{
        const Bus *bus = userdata;

        (void) connection, (void) path, (void) interface, (void) property, (void) reterr;
        return sd_bus_message_append(reply, "u", bus->params.model->n_running);
}

int facts_bus_get_sandbox_state(sd_bus *connection, const char *path, const char *interface,
                                const char *property, sd_bus_message *reply, void *userdata,
                                sd_bus_error *reterr)
{
        const Bus *bus = userdata;

        (void) connection, (void) path, (void) interface, (void) property, (void) reterr;
        return sd_bus_message_append(reply, "s", bus->params.facts->sandbox_state);
}

int facts_bus_get_sandbox_missing(sd_bus *connection, const char *path, const char *interface,
                                  const char *property, sd_bus_message *reply, void *userdata,
                                  sd_bus_error *reterr)
{
        const Bus *bus = userdata;
        int r = sd_bus_message_open_container(reply, 'a', "s");

        (void) connection, (void) path, (void) interface, (void) property, (void) reterr;
        for (const char *const *word = bus->params.facts->sandbox_missing; r >= 0 && *word; word++)
                r = sd_bus_message_append(reply, "s", *word);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

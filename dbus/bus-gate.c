/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/bus-gate.h"

#include <string.h>

#include "base/names.h"
#include "base/text.h"
#include "dbus/bus-object.h"

#define INTERFACE_PEER           "org.freedesktop.DBus.Peer"
#define INTERFACE_INTROSPECTABLE "org.freedesktop.DBus.Introspectable"
#define INTERFACE_PROPERTIES     "org.freedesktop.DBus.Properties"

/* Get of one of the two properties that say how it goes. */
static bool is_open_property(sd_bus_message *message)
{
        const char *interface, *property;
        bool is_open;

        if (strcmp(sd_bus_message_get_path(message), BUS_PATH) != 0 ||
            !sd_bus_message_is_method_call(message, INTERFACE_PROPERTIES, "Get") ||
            !sd_bus_message_has_signature(message, "ss") ||
            sd_bus_message_read(message, "ss", &interface, &property) < 0)
                return false;
        is_open = strcmp(interface, BUS_INTERFACE_MANAGER) == 0 &&
                  (strcmp(property, "Version") == 0 || strcmp(property, "DatabaseState") == 0);
        return sd_bus_message_rewind(message, true) >= 0 && is_open;
}

/* 0 if the call may pass now. */
static int check_ready(const Bus *bus, sd_bus_message *message, sd_bus_error *reterr)
{
        const char *sentence = bus->params.facts->sentence;

        if (bus->params.facts->ready || sd_bus_message_is_method_call(message, INTERFACE_PEER, NULL) ||
            sd_bus_message_is_method_call(message, INTERFACE_INTROSPECTABLE, NULL) ||
            strcmp(sd_bus_message_get_path(message), log_control_class.path) == 0 ||
            is_open_property(message))
                return 0;
        return sd_bus_error_setf(reterr, BUS_ERROR_DATABASE_UNAVAILABLE, "%s",
                                 text_is_empty(sentence) ? "The database is not reached yet" : sentence);
}

/* sd-bus repeats the names of interfaces and properties that it does not know: whatever they are made of. */
static int check_names(sd_bus_message *message, sd_bus_error *reterr)
{
        const char *interface, *property = NULL;
        int r;

        if (!sd_bus_message_is_method_call(message, INTERFACE_PROPERTIES, NULL))
                return 0;
        if (sd_bus_message_has_signature(message, "s"))
                r = sd_bus_message_read(message, "s", &interface);
        else if (sd_bus_message_has_signature(message, "ss") || sd_bus_message_has_signature(message, "ssv"))
                r = sd_bus_message_read(message, "ss", &interface, &property);
        else
                return 0;
        if (r < 0)
                return r;
        if (interface[0] != '\0' && sd_bus_interface_name_is_valid(interface) <= 0)
                return sd_bus_error_set(reterr, SD_BUS_ERROR_INVALID_ARGS, "No interface has such a name");
        if (property && sd_bus_member_name_is_valid(property) <= 0)
                return sd_bus_error_set(reterr, SD_BUS_ERROR_INVALID_ARGS, "No property has such a name");
        r = sd_bus_message_rewind(message, true);
        return r < 0 ? r : 0;
}

int bus_gate_filter(sd_bus_message *message, void *userdata, sd_bus_error *reterr)
{
        int r;

        if (!sd_bus_message_is_method_call(message, NULL, NULL))
                return 0;
        r = check_ready(userdata, message, reterr);
        return r < 0 ? r : check_names(message, reterr);
}

int bus_gate_register(Bus *bus)
{
        sd_bus_slot *slot = NULL;
        int r = sd_bus_add_filter(bus->params.bus, &slot, bus_gate_filter, bus);

        return bus_keep_slot(bus, r, slot);
}

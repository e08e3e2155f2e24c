/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/bus-late.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "dbus/bus-caller.h"
#include "dbus/bus-class.h"
#include "dbus/bus-object.h"
#include "dbus/log-control-bus.h"

#define INTERFACE_PROPERTIES     "org.freedesktop.DBus.Properties"
#define INTERFACE_OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"

static const BusClass *const classes[] = {
        &manager_class, &repository_class, &app_class, &deployment_class, &log_control_class,
};

/* The class whose interface that is; NULL if it is none of ours. */
static const BusClass *find_class(const char *interface)
{
        for (size_t i = 0; interface && i < ELEMENTSOF(classes); i++)
                if (strcmp(classes[i]->interface, interface) == 0)
                        return classes[i];
        return NULL;
}

/* The row of the method that is called, with arguments of the right types; NULL if there is none. */
static const sd_bus_vtable *find_method(sd_bus_message *message)
{
        const BusClass *class = find_class(sd_bus_message_get_interface(message));
        const char *member = sd_bus_message_get_member(message);

        for (const sd_bus_vtable *row = class ? class->vtable : NULL; row && row->type != _SD_BUS_VTABLE_END;
             row++)
                if (row->type == _SD_BUS_VTABLE_METHOD && strcmp(row->x.method.member, member) == 0)
                        return sd_bus_message_has_signature(message, row->x.method.signature) ? row : NULL;
        return NULL;
}

static bool is_call(sd_bus_message *message, const char *interface, const char *member, const char *types)
{
        return sd_bus_message_is_method_call(message, interface, member) &&
               sd_bus_message_has_signature(message, types);
}

static bool is_get_managed_objects(sd_bus_message *message)
{
        return is_call(message, INTERFACE_OBJECT_MANAGER, "GetManagedObjects", "") &&
               strcmp(sd_bus_message_get_path(message), BUS_PATH) == 0;
}

/* Get or GetAll of one of our interfaces. */
static bool is_read_of_properties(sd_bus_message *message)
{
        const char *interface;
        bool is_ours;

        if (!is_call(message, INTERFACE_PROPERTIES, "Get", "ss") &&
            !is_call(message, INTERFACE_PROPERTIES, "GetAll", "s"))
                return false;
        is_ours = sd_bus_message_read(message, "s", &interface) > 0 && find_class(interface);
        return sd_bus_message_rewind(message, true) >= 0 && is_ours;
}

bool bus_late_can(sd_bus_message *message)
{
        assert(message);
        return find_method(message) || is_read_of_properties(message) || is_get_managed_objects(message) ||
               log_control_bus_is_change(message);
}

static int reply_managed_objects(const Bus *bus, sd_bus_message *message)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const BusObject *object;
        int r;

        r = sd_bus_message_new_method_return(message, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "{oa{sa{sv}}}");
        LIST_FOREACH (objects, object, bus->objects)
                if (r >= 0 && object->class->many)
                        r = bus_object_append_interfaces(object, reply);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_message_send(reply);
}

static int refuse_object(sd_bus_message *message, sd_bus_error *reterr)
{
        return sd_bus_error_setf(reterr, SD_BUS_ERROR_UNKNOWN_OBJECT, "Unknown object '%s'.",
                                 sd_bus_message_get_path(message));
}

/* The error of a read that finds nothing, as sd-bus has it. */
static int refuse_read(const BusObject *object, sd_bus_message *message, const char *interface,
                       const char *property, sd_bus_error *reterr)
{
        if (!object)
                return refuse_object(message, reterr);
        if (!property)
                return sd_bus_error_setf(reterr, SD_BUS_ERROR_UNKNOWN_INTERFACE, "Unknown interface '%s'.",
                                         interface);
        return sd_bus_error_setf(reterr, SD_BUS_ERROR_UNKNOWN_PROPERTY,
                                 "Unknown interface %s or property %s.", interface, property);
}

static int reply_properties(const BusObject *object, sd_bus_message *message, sd_bus_error *reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *interface, *property = NULL;
        int r;

        r = sd_bus_message_read(message, "s", &interface);
        if (r >= 0 && sd_bus_message_is_method_call(message, NULL, "Get"))
                r = sd_bus_message_read(message, "s", &property);
        if (r < 0)
                return r;
        if (!object || strcmp(object->class->interface, interface) != 0)
                return refuse_read(object, message, interface, property, reterr);
        r = sd_bus_message_new_method_return(message, &reply);
        if (r >= 0 && property)
                r = bus_object_append_property(object, property, reply);
        else if (r >= 0)
                r = bus_object_append_properties(object, NULL, reply);
        if (r == -ENOENT)
                return refuse_read(object, message, interface, property, reterr);
        return r < 0 ? r : sd_bus_message_send(reply);
}

int bus_late_run(Bus *bus, sd_bus_message *message, sd_bus_error *reterr)
{
        const BusObject *object = bus_object_find(bus, sd_bus_message_get_path(message));
        const sd_bus_vtable *row = find_method(message);
        const BusMethod *method;

        if (log_control_bus_is_change(message))
                return log_control_bus_take(bus, message, reterr);
        if (is_get_managed_objects(message))
                return reply_managed_objects(bus, message);
        if (!row)
                return reply_properties(object, message, reterr);
        if (!object)
                return refuse_object(message, reterr);
        if (strcmp(object->class->interface, sd_bus_message_get_interface(message)) != 0)
                return sd_bus_error_setf(
                        reterr, SD_BUS_ERROR_UNKNOWN_METHOD, "Unknown method %s or interface %s.",
                        sd_bus_message_get_member(message), sd_bus_message_get_interface(message));
        method = bus_class_find_method(object->class, row->x.method.member);
        if (method)
                return bus_caller_take(bus, message, method, reterr);
        return row->x.method.handler(message, object->noun, reterr);
}

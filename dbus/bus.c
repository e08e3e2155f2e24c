/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/bus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/names.h"
#include "dbus/bus-admit.h"
#include "dbus/bus-authorize.h"
#include "dbus/bus-caller.h"
#include "dbus/bus-class.h"
#include "dbus/bus-gate.h"
#include "dbus/bus-object.h"
#include "dbus/bus-private.h"
#include "dbus/bus-signals.h"
#include "dbus/log-control-bus.h"

/* Answers of RequestName in the D-Bus specification. */
enum {
        REQUEST_NAME_PRIMARY_OWNER = 1,
        REQUEST_NAME_ALREADY_OWNER = 4,
};

static const BusClass *const classes[BUS_CLASSES] = {
        &manager_class, &repository_class, &app_class, &deployment_class, &log_control_class,
};

static int register_all(Bus *bus)
{
        sd_bus_slot *slot = NULL;
        int r;

        /* The filters come first: nothing passes before they stand. The last one is asked first. */
        r = bus_gate_register(bus);
        if (r >= 0)
                r = log_control_bus_register(bus);
        if (r >= 0)
                r = bus_admit_register(bus);
        if (r >= 0)
                r = bus_authorize_register(bus);
        if (r < 0)
                return r;
        r = sd_bus_add_object_manager(bus->params.bus, &slot, BUS_PATH);
        r = bus_keep_slot(bus, r, slot);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(classes); i++) {
                r = bus_class_register(bus, classes[i]);
                if (r >= 0 && !classes[i]->many)
                        r = bus_object_publish(bus, classes[i], classes[i]->path, bus);
        }
        if (r < 0)
                return r;
        bus->manager = bus_object_find(bus, manager_class.path);
        return bus_signals_register(bus);
}

int bus_new(const BusParams *params, Bus **ret)
{
        _cleanup_(bus_freep) Bus *bus = NULL;
        int r;

        assert(params && params->bus && params->model && params->facts && params->config && params->reload);
        assert(ret);

        if (!sd_bus_get_event(params->bus))
                return -EINVAL;
        bus = calloc(1, sizeof(Bus));
        if (!bus)
                return -ENOMEM;
        bus->params = *params;
        sd_bus_ref(bus->params.bus);
        r = register_all(bus);
        if (r < 0)
                return r;
        bus_signals_follow_facts(bus);
        *ret = TAKE_PTR(bus);
        return 0;
}

Bus *bus_free(Bus *bus)
{
        if (!bus)
                return NULL;
        bus_caller_detach_all(bus);
        bus_signals_unregister(bus);
        while (bus->n_slots > 0)
                sd_bus_slot_unref(bus->slots[--bus->n_slots]);
        bus_admit_unregister(bus);
        while (bus->objects)
                bus_object_free(bus->objects);
        sd_bus_slot_unref(bus->name_slot);
        free(bus->polkit);
        sd_bus_unref(bus->params.bus);
        free(bus);
        return NULL;
}

static int bus_on_name(sd_bus_message *answer, void *userdata, sd_bus_error *reterr)
{
        Bus *bus = userdata;
        uint32_t result = 0;
        int r;

        (void) reterr;
        bus->name_slot = sd_bus_slot_unref(bus->name_slot);
        r = sd_bus_message_is_method_error(answer, NULL) ? -sd_bus_message_get_errno(answer)
                                                         : sd_bus_message_read(answer, "u", &result);
        if (r >= 0 && result != REQUEST_NAME_PRIMARY_OWNER && result != REQUEST_NAME_ALREADY_OWNER)
                r = -EEXIST;
        if (r < 0)
                bus->name_lost(bus->name_userdata, r);
        return 0;
}

int bus_request_name(Bus *bus, void (*lost)(void *userdata, int error), void *userdata)
{
        assert(bus && !bus->name_slot);
        assert(lost);

        bus->name_lost = lost;
        bus->name_userdata = userdata;
        return sd_bus_request_name_async(bus->params.bus, &bus->name_slot, BUS_NAME, 0, bus_on_name, bus);
}

void bus_app_removed(Bus *bus, uint64_t id, const char *name)
{
        int r;

        assert(bus);
        assert(name);

        r = sd_bus_emit_signal(bus->params.bus, BUS_PATH, BUS_INTERFACE_MANAGER, "AppRemoved", "ts", id,
                               name);
        if (r < 0)
                log_warning("Cannot announce the end of app %s, ignoring: %s", name, strerror(-r));
}

void bus_facts_changed(Bus *bus)
{
        assert(bus);
        bus_signals_follow_facts(bus);
        bus_signals_changed(bus->manager);
}

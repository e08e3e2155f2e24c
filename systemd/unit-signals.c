/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PID 1's signals, taken as hints that a unit is to be read again: anybody can send us something that looks
 * like them, and then nothing but a reading follows. */

#include <string.h>

#include "base/log.h"
#include "systemd/units-internal.h"

static int on_job_removed(sd_bus_message *signal, void *userdata, _unused_ sd_bus_error *reterr)
{
        _cleanup_free_ char *path = NULL;
        const char *name;

        if (sd_bus_message_read(signal, "uos", NULL, NULL, &name) >= 0 &&
            sd_bus_path_encode(PID1_UNIT_PATH, name, &path) >= 0)
                units_hint(userdata, path, /* removed= */ false);
        return 0;
}

static int on_unit_removed(sd_bus_message *signal, void *userdata, _unused_ sd_bus_error *reterr)
{
        const char *path;

        if (sd_bus_message_read(signal, "so", NULL, &path) >= 0)
                units_hint(userdata, path, /* removed= */ true);
        return 0;
}

static int on_properties_changed(sd_bus_message *signal, void *userdata, _unused_ sd_bus_error *reterr)
{
        units_hint(userdata, sd_bus_message_get_path(signal), /* removed= */ false);
        return 0;
}

static int on_subscribed(sd_bus_message *reply, void *userdata, _unused_ sd_bus_error *reterr)
{
        if (sd_bus_message_is_method_error(reply, NULL) &&
            !sd_bus_message_is_method_error(reply, "org.freedesktop.systemd1.AlreadySubscribed"))
                log_warning("Cannot subscribe to the signals of systemd, trying again when it is back: %s",
                            sd_bus_message_get_error(reply)->message);
        units_read_all(userdata);
        return 0;
}

static int unit_signals_subscribe(Units *units)
{
        return sd_bus_call_method_async(units->pid1.bus, NULL, PID1_NAME, PID1_PATH, PID1_MANAGER,
                                        "Subscribe", on_subscribed, units, NULL);
}

/* After a daemon-reload all units are what they were, but signals may have been missed; after a re-execution
 * the subscription is gone too. */
static int on_reloading(sd_bus_message *signal, void *userdata, _unused_ sd_bus_error *reterr)
{
        int active;

        if (sd_bus_message_read(signal, "b", &active) >= 0 && !active)
                (void) unit_signals_subscribe(userdata);
        return 0;
}

static int on_owner_changed(sd_bus_message *signal, void *userdata, _unused_ sd_bus_error *reterr)
{
        Units *units = userdata;
        const char *owner;

        if (sd_bus_message_read(signal, "sss", NULL, NULL, &owner) < 0 || owner[0] == '\0')
                return 0;
        (void) unit_signals_subscribe(units);
        pid1_send_now(&units->pid1);
        return 0;
}

static const struct {
        const char *rule;
        sd_bus_message_handler_t handler;
} matches[UNIT_SIGNALS] = {
        { "type='signal',sender='" PID1_NAME "',path='" PID1_PATH "',interface='" PID1_MANAGER
          "',member='JobRemoved'",
          on_job_removed },
        { "type='signal',sender='" PID1_NAME "',path='" PID1_PATH "',interface='" PID1_MANAGER
          "',member='UnitRemoved'",
          on_unit_removed },
        { "type='signal',sender='" PID1_NAME "',path='" PID1_PATH "',interface='" PID1_MANAGER
          "',member='Reloading'",
          on_reloading },
        { "type='signal',sender='" PID1_NAME "',path_namespace='" PID1_UNIT_PATH
          "',interface='org.freedesktop.DBus.Properties',member='PropertiesChanged'",
          on_properties_changed },
        /* Of PID 1's name only: every client of the bus is told of here. */
        { "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
          "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='" PID1_NAME "'",
          on_owner_changed },
};

int unit_signals_match(Units *units)
{
        int r;

        for (size_t i = 0; i < ELEMENTSOF(matches); i++) {
                r = sd_bus_add_match_async(units->pid1.bus, &units->matches[i], matches[i].rule,
                                           matches[i].handler, NULL, units);
                if (r < 0)
                        return r;
        }
        return unit_signals_subscribe(units);
}

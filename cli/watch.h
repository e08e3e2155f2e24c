/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The event loop of a verb that waits for signals of deployd. */

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "base/names.h"

#define MATCH_OWNER                                                                     \
        "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus'," \
        "member='NameOwnerChanged',arg0='" BUS_NAME "'"
#define MATCH_DISCONNECTED                                                                                  \
        "type='signal',sender='org.freedesktop.DBus.Local',interface='org.freedesktop.DBus.Local',member='" \
        "Disconnected'"

typedef struct Subscription {
        const char *match;
        sd_bus_message_handler_t handler;
} Subscription;

/* Makes a loop in *ret (caller unrefs, also when it fails) and attaches the bus to it. Ctrl-C and its like
 * end in `on_interrupt`. 0 or -errno. */
int watch_begin(sd_bus *bus, sd_event_signal_handler_t on_interrupt, void *userdata, sd_event **ret);
/* Has the handlers called for their signals from now on. 0 or -errno. */
int watch_subscribe(sd_bus *bus, const Subscription *subscriptions, size_t n, void *userdata);

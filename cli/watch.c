/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/watch.h"

#include <signal.h>

#include "base/macro.h"

int watch_begin(sd_bus *bus, sd_event_signal_handler_t on_interrupt, void *userdata, sd_event **ret)
{
        static const int interrupts[] = { SIGINT, SIGTERM, SIGHUP };
        int r = sd_event_new(ret);

        if (r >= 0)
                r = sd_bus_attach_event(bus, *ret, SD_EVENT_PRIORITY_NORMAL);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(interrupts); i++)
                r = sd_event_add_signal(*ret, NULL, interrupts[i] | SD_EVENT_SIGNAL_PROCMASK, on_interrupt,
                                        userdata);
        return r;
}

int watch_subscribe(sd_bus *bus, const Subscription *subscriptions, size_t n, void *userdata)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++)
                r = sd_bus_add_match(bus, NULL, subscriptions[i].match, subscriptions[i].handler, userdata);
        return r;
}

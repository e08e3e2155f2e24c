/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/bus-admit.h"

#include <errno.h>
#include <string.h>

#include "dbus/bus-gate.h"
#include "dbus/bus-late.h"
#include "dbus/bus-sender.h"

/* A call whose reply has a part for each object costs one token more for so many of them: about a millisecond, and
 * 20 KiB. */
#define OBJECTS_A_TOKEN 8

/* The replies of these grow with what there is. What is read from the database is charged for when it is known how
 * much it is. */
static bool lists_objects(sd_bus_message *message)
{
        static const char *const members[] = {
                "GetManagedObjects", "Introspect", "ListApps", "ListRepositories", "ListRemovedApps",
        };
        const char *member = sd_bus_message_get_member(message);

        for (size_t i = 0; i < ELEMENTSOF(members); i++)
                if (strcmp(member, members[i]) == 0)
                        return true;
        return false;
}

static int admit(const Bus *bus, BusUser *user, sd_bus_message *message, sd_bus_error *reterr)
{
        uint64_t tokens = 1;

        if (lists_objects(message))
                tokens += bus->n_objects / OBJECTS_A_TOKEN;
        return bus_user_admit(bus, user, tokens, message, reterr);
}

static int filter(sd_bus_message *message, void *userdata, sd_bus_error *reterr)
{
        const char *name = sd_bus_message_get_sender(message);
        BusSender *sender;
        Bus *bus = userdata;
        int r;

        /* With nobody in between there is one caller, who has the socket. */
        if (!name || !sd_bus_message_is_method_call(message, NULL, NULL))
                return 0;
        r = bus_sender_get(bus, name, &sender);
        if (r < 0)
                return r;
        if (sender->user)
                return admit(bus, sender->user, message, reterr);
        if (bus_late_can(message))
                return bus_sender_hold(sender, message, reterr);
        return admit(bus, bus->strangers, message, reterr);
}

/* A call that has waited goes the way that it would have gone through the filters to its method. */
static void on_known(BusSender *sender, sd_bus_message *message)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        Bus *bus = sender->bus;
        int r;

        r = admit(bus, sender->user, message, &error);
        if (r > 0)
                return;
        if (r == 0)
                r = bus_gate_filter(message, bus, &error);
        if (r == 0)
                r = bus_late_run(bus, message, &error);
        if (r < 0)
                (void) sd_bus_reply_method_errno(message, r, &error);
}

int bus_admit_register(Bus *bus)
{
        sd_bus_slot *slot = NULL;
        int r;

        assert(bus);

        bus->strangers = bus_user_join(bus, UID_INVALID);
        if (!bus->strangers)
                return -ENOMEM;
        r = bus_senders_register(bus, on_known);
        if (r < 0)
                return r;
        r = sd_bus_add_filter(bus->params.bus, &slot, filter, bus);
        return bus_keep_slot(bus, r, slot);
}

void bus_admit_unregister(Bus *bus)
{
        assert(bus);
        bus_senders_free(bus);
        bus_users_free(bus);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/bus-admit.h"

#include <errno.h>
#include <string.h>

#include "dbus/bus-gate.h"
#include "dbus/bus-late.h"
#include "dbus/bus-sender.h"
#include "dbus/history-bus.h"

/* What calls cost whose replies grow with what there is: as many tokens as the reply has KiB, about.
 * Everything that deployd says goes through one socket, from which a busy bus takes little at a time: a
 * reply of root's waits behind all that others were promised before it. */
static const struct {
        const char *member;
        double each; /* for each object */
} listings[] = {
        { "GetManagedObjects", 2 }, { "ListApps", 0.125 },        { "ListRepositories", 0.125 },
        { "Introspect", 0.0625 },   { "ListRemovedApps", 0.125 },
};

/* Who begins with so many calls at once gets no reply of so many KiB. */
#define CROWD 8
#define LONG  64

static uint64_t cost_of_past(sd_bus_message *message)
{
        uint32_t limit = 0;

        if (!sd_bus_message_has_signature(message, "stu") ||
            sd_bus_message_read(message, "stu", NULL, NULL, &limit) < 0 ||
            sd_bus_message_rewind(message, true) < 0)
                return 0;
        return history_bus_cost(limit);
}

static uint64_t cost_of(const Bus *bus, sd_bus_message *message)
{
        const char *member = sd_bus_message_get_member(message);

        for (size_t i = 0; i < ELEMENTSOF(listings); i++)
                if (strcmp(member, listings[i].member) == 0)
                        return 1 + (uint64_t) (bus->n_objects * listings[i].each);
        return strcmp(member, "ListDeployments") == 0 ? 1 + cost_of_past(message) : 1;
}

/* `n_together`: so many calls came from that connection before it was known whose it is. */
static int bus_admit_call(const Bus *bus, BusUser *user, unsigned n_together, sd_bus_message *message,
                          sd_bus_error *reterr)
{
        uint64_t tokens;
        bool may;

        /* Nothing is looked at for those who may not call. */
        may = bus_user_may(bus, user, 1);
        tokens = may ? cost_of(bus, message) : 1;
        if (!may || !bus_user_may(bus, user, tokens) ||
            (user->uid != 0 && tokens >= LONG && n_together >= CROWD))
                return bus_user_refuse(bus, user, message, reterr);
        bus_user_charge(user, tokens);
        return 0;
}

static int bus_admit_filter(sd_bus_message *message, void *userdata, sd_bus_error *reterr)
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
                return bus_admit_call(bus, sender->user, 1, message, reterr);
        if (bus_late_can(message))
                return bus_sender_hold(sender, message, reterr);
        return bus_admit_call(bus, bus->strangers, 1, message, reterr);
}

/* A call that has waited goes the way that it would have gone through the filters to its method. */
static void on_known(BusSender *sender, sd_bus_message *message)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        Bus *bus = sender->bus;
        int r;

        r = bus_admit_call(bus, sender->user, sender->n_together, message, &error);
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
        r = sd_bus_add_filter(bus->params.bus, &slot, bus_admit_filter, bus);
        return bus_keep_slot(bus, r, slot);
}

void bus_admit_unregister(Bus *bus)
{
        assert(bus);
        bus_senders_free(bus);
        bus_users_free(bus);
}

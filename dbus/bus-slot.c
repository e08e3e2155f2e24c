/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/bus-private.h"

Bus *bus_of_message(sd_bus_message *message)
{
        return sd_bus_slot_get_userdata(sd_bus_get_current_slot(sd_bus_message_get_bus(message)));
}

int bus_keep_slot(Bus *bus, int r, sd_bus_slot *slot)
{
        if (r < 0)
                return r;
        assert(bus->n_slots < BUS_SLOTS_MAX);
        bus->slots[bus->n_slots++] = slot;
        return 0;
}

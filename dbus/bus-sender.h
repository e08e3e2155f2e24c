/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who is behind a connection of the bus. It is asked for once and remembered until the connection is gone;
 * calls of a connection that is being asked for wait here, in the order in which they came, and nobody
 * else's do. */

#include "dbus/bus-limit.h"

typedef struct BusHeld {
        sd_bus_message *message;
        size_t size;
        LIST_FIELDS(struct BusHeld, held);
} BusHeld;

struct BusSender {
        Bus *bus;
        char *name;
        BusUser *user;         /* NULL while it is asked for */
        sd_bus_slot *question; /* to the bus */
        LIST_HEAD(BusHeld, held);
        BusHeld *held_tail;
        unsigned n_held;
        unsigned n_together; /* how many waited until it was known */
        /* bus-authorize.h: what polkit is asked, and is to be asked, in the order of the calls. */
        LIST_HEAD(BusQuestion, questions);
};

/* A call that has waited, its sender known now. The message is borrowed. */
typedef void (*BusSenderKnown)(BusSender *sender, sd_bus_message *message);

/* Follows the ends of connections. 0 or -errno. */
int bus_senders_register(Bus *bus, BusSenderKnown known);
void bus_senders_free(Bus *bus);

/* NULL if nothing is known about a connection of that unique name. */
BusSender *bus_sender_find(const Bus *bus, const char *name);

/* The sender of that unique name, who is asked for if that was not done yet. 0 or -errno. */
int bus_sender_get(Bus *bus, const char *name, BusSender **ret);

/* Keeps a call until its sender is known. Positive when kept; or negative with *reterr filled, when too much
 * waits already. */
int bus_sender_hold(BusSender *sender, sd_bus_message *message, sd_bus_error *reterr);

/* Whether a reply or signal is of the bus itself: sd-bus knows replies by their number only, which anybody
 * could guess. */
bool bus_is_from_driver(sd_bus_message *message);

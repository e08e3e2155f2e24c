/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of this room share of the connection's state. */

#include "base/list.h"
#include "daemon/model/model.h"
#include "dbus/bus.h"

typedef struct BusCall BusCall;
typedef struct BusQuestion BusQuestion;
typedef struct BusSender BusSender;
typedef struct BusUser BusUser;
typedef struct BusObject BusObject;
typedef struct BusClass BusClass;

/* Two singletons, two registrations for each of three kinds of objects, object manager, three filters, two
 * matches, one call; and some room. */
#define BUS_SLOTS_MAX 16

#define BUS_CLASSES 5

struct Bus {
        BusParams params;
        sd_bus_slot *slots[BUS_SLOTS_MAX];
        size_t n_slots;

        sd_bus_slot *name_slot;
        void (*name_lost)(void *userdata, int error);
        void *name_userdata;

        /* What an enumerator of paths needs to know. */
        struct BusRegistration {
                Bus *bus;
                const BusClass *class;
        } registrations[BUS_CLASSES];
        size_t n_registrations;

        void *objects_by_path; /* tsearch(3) */
        LIST_HEAD(BusObject, objects);
        unsigned n_objects;
        LIST_HEAD(BusObject, dirty);
        BusObject *manager;
        sd_event_source *flush; /* runs when the turn ends in which something became dirty */
        Observer observer;
        bool model_is_shown; /* what is in the model has objects */

        LIST_HEAD(BusCall, calls); /* taken up, not answered */

        /* bus-sender.h, bus-limit.h: who calls. */
        void *senders; /* tsearch(3), by unique name */
        void (*sender_known)(BusSender *sender, sd_bus_message *message);
        void (*sender_gone)(BusSender *sender);
        unsigned n_held;   /* calls whose sender is being asked for */
        size_t held_bytes; /* of the big ones of them */
        LIST_HEAD(BusUser, users);
        BusUser *strangers; /* all senders that are not known yet, for what does not wait for that */

        /* bus-authorize.h: what they may. */
        char *polkit;         /* the unique name of who has polkit's name; NULL or "" = nobody */
        uint64_t polkit_usec; /* how long it may think where no person is asked */
        uint64_t n_questions; /* so far */
};

/* The Bus whose object or filter is being called right now. */
Bus *bus_of_message(sd_bus_message *message);

/* Keeps a registration until bus_free(). Its argument is what sd_bus_add_*() returned: passed on. */
int bus_keep_slot(Bus *bus, int r, sd_bus_slot *slot);

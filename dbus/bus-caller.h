/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who calls, and may he? Everything that changes something comes through here: the method's row says which
 * right it takes, and who calls is known already (bus-admit.h). Root may do everything, polkit is asked what
 * others may. Nothing blocks; the calls of one client are run in the order in which they came. */

#include "base/cleanup.h"
#include "dbus/bus-authorize.h"
#include "dbus/bus-private.h"

typedef struct BusMethod {
        const char *member;
        const char *action;
        /* Reads the arguments from the call's message and starts the work with &call->call. `noun` is the
         * object's, as BusObject.noun. 0 when call->call.done is or will be called; negative with *reterr
         * filled. */
        int (*run)(BusCall *call, void *noun, sd_bus_error *reterr);
        /* Appends what the reply holds; NULL if that is nothing. `id` as in CallDone. */
        int (*reply)(BusCall *call, uint64_t id, sd_bus_message *reply);
        /* It changes nothing of an app: possible also while the apps are not those of the database. */
        bool harmless;
        /* BusRight.verb */
        const char *verb;
        /* Fills in key and name of *right, from the arguments or the object. NULL = as BusClass.about. 0, or
         * negative with *reterr filled. */
        int (*about)(BusCall *call, void *noun, BusRight *right, sd_bus_error *reterr);
} BusMethod;

/* A call that is not answered yet. It outlives its client, and if need be the Bus. */
struct BusCall {
        Bus *bus;                /* NULL when that is gone: nobody is answered any more */
        sd_bus_message *message; /* stands at its first argument when run() and reply() get it */
        const BusMethod *method;
        BusQuestion *question; /* whether it is allowed; NULL when that is decided */
        BusUser *user;         /* whose call it is; NULL when there is no bus in between */
        uint64_t paid;         /* tokens of bus-limit.h for the length of the reply */
        bool is_starting;      /* run() has not returned */
        bool is_done;          /* and has been told of the end already */
        Call call;
        LIST_FIELDS(BusCall, calls);
};

/* The handler, in every vtable, of every method that changes something. */
int bus_caller_method(sd_bus_message *message, void *userdata, sd_bus_error *reterr);

/* The same for a call that no vtable delivers. Positive when taken, or negative with *reterr filled. */
int bus_caller_take(Bus *bus, sd_bus_message *message, const BusMethod *method, sd_bus_error *reterr);

/* For reads that cannot be answered at once: keeps the message. 0 with call->call.uid filled, or negative
 * with *reterr filled: so many calls of the user wait already. */
int bus_call_new(Bus *bus, sd_bus_message *message, const BusMethod *method, BusCall **ret,
                 sd_bus_error *reterr);
BusCall *bus_call_free(BusCall *call);
DEFINE_CLEANUP(BusCall *, bus_call_free);
/* The last thing to do with a call that was answered, also from within BusMethod.run. */
void bus_call_end(BusCall *call);
DEFINE_CLEANUP(BusCall *, bus_call_end);

/* Starts a reply and sends it. Every signal about what the call did goes first. To be used only while
 * call->bus is set. */
int bus_call_reply_new(BusCall *call, sd_bus_message **ret);
void bus_call_send(BusCall *call, sd_bus_message *reply);
/* Answers with an error. `r` counts if *error is not set. */
void bus_call_fail(BusCall *call, int r, const sd_bus_error *error);
/* Sends the reply, or the error `r` if it could not be made. */
void bus_call_finish(BusCall *call, sd_bus_message *reply, int r);

/* The Bus is going: its calls are left to end without an answer. */
void bus_caller_detach_all(Bus *bus);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Calls to PID 1, never more than PID1_CALLS_MAX at once: dbus-daemon refuses a connection's 129th pending
 * reply, and replies to other peers share that number. What is over waits in a queue.
 *
 * A call that PID 1 has not answered is made again until it has: while PID 1 executes itself again it is not
 * on the bus, and whether it has heard a call before that is unknown. So whatever is asked must be good to
 * be asked twice. It is made again after pauses that grow, for ever: there is nothing to do without PID 1.
 * When the connection goes, nobody is told anything: the process ends. Internal to systemd/.
 */

#include <systemd/sd-bus.h>

#include "base/backoff.h"
#include "base/cleanup.h"
#include "base/list.h"

#define PID1_NAME      "org.freedesktop.systemd1"
#define PID1_PATH      "/org/freedesktop/systemd1"
#define PID1_MANAGER   "org.freedesktop.systemd1.Manager"
#define PID1_CALLS_MAX 64

typedef struct Pid1 Pid1;
typedef struct Pid1Call Pid1Call;

struct Pid1 {
        sd_bus *bus; /* borrowed */
        unsigned n_sent;
        LIST_HEAD(Pid1Call, waiting);
        Pid1Call *waiting_tail;
        sd_event_source *again; /* sends what waits */
        Backoff pause;
        bool pausing;  /* nothing is sent until `again` */
        bool silent;   /* the log says that it does not answer */
        bool repeated; /* of the call whose `done` is called: it was sent more than once */
};

/* `bus` is attached to an event loop. 0 or -errno. */
int pid1_init(Pid1 *pid1, sd_bus *bus);
void pid1_clear(Pid1 *pid1);

/* `reply` is the method's return, or an error that PID 1 has answered (sd_bus_message_get_error()); it is
 * not NULL. */
typedef void (*Pid1Done)(void *userdata, sd_bus_message *reply);

/* Sends `message` (a reference is taken) now or when its turn comes. The call is freed after `done`. 0 or
 * -errno. */
int pid1_call(Pid1 *pid1, sd_bus_message *message, Pid1Done done, void *userdata, Pid1Call **ret);

/* Drops the callback; a message that was not sent yet never is. */
Pid1Call *pid1_call_free(Pid1Call *call);
DEFINE_CLEANUP(Pid1Call *, pid1_call_free);

/* PID 1 is on the bus again: what waits is sent now. */
void pid1_send_now(Pid1 *pid1);

/* A method call to the Manager. 0 or -errno. */
int pid1_method(Pid1 *pid1, const char *method, sd_bus_message **ret);

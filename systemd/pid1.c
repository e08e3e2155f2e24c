/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "systemd/pid1.h"

#include <errno.h>

#include "base/log.h"
#include "base/macro.h"

#define AGAIN_FIRST_USEC (100 * USEC_PER_MSEC) /* re-execution takes about that */
#define AGAIN_MAX_USEC   (5 * USEC_PER_SEC)
#define AGAIN_SILENT     6 /* pauses after which the log says it: a slow re-execution is over by then */

struct Pid1Call {
        Pid1 *pid1;
        sd_bus_message *message; /* kept until there is an answer */
        sd_bus_slot *slot;       /* NULL while it waits */
        unsigned n_sent;
        Pid1Done done;
        void *userdata;
        LIST_FIELDS(Pid1Call, waiting);
};

static void pid1_unqueue(Pid1Call *call)
{
        if (call->pid1->waiting_tail == call)
                call->pid1->waiting_tail = call->waiting_prev;
        LIST_REMOVE(waiting, call->pid1->waiting, call);
}

static void pid1_enqueue(Pid1 *pid1, Pid1Call *call)
{
        if (pid1->waiting_tail)
                LIST_INSERT_AFTER(waiting, pid1->waiting_tail, call);
        else
                LIST_PREPEND(waiting, pid1->waiting, call);
        pid1->waiting_tail = call;
}

static int pid1_on_reply(sd_bus_message *reply, void *userdata, sd_bus_error *reterr);

static int send_now(Pid1Call *call)
{
        int r;

        r = sd_bus_call_async(call->pid1->bus, &call->slot, call->message, pid1_on_reply, call, 0);
        if (r < 0)
                return r;
        call->pid1->n_sent++;
        call->n_sent++;
        return 0;
}

static void send_waiting(Pid1 *pid1)
{
        while (pid1->waiting && !pid1->pausing && pid1->n_sent < PID1_CALLS_MAX) {
                Pid1Call *call = pid1->waiting;

                pid1_unqueue(call);
                /* It fails only when the connection is gone, and then the process ends. */
                if (send_now(call) < 0) {
                        pid1_enqueue(pid1, call);
                        return;
                }
        }
}

void pid1_send_now(Pid1 *pid1)
{
        assert(pid1);

        pid1->pausing = false;
        send_waiting(pid1);
}

static int pid1_on_again(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
        pid1_send_now(userdata);
        return 0;
}

/* The same call as a message of its own: the bus refuses one with the number of a call that is not answered
 * yet, although nobody waits for that answer any more. */
static int renew_message(Pid1Call *call)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *copy = NULL;
        int r;

        r = sd_bus_message_new_method_call(
                call->pid1->bus, &copy, sd_bus_message_get_destination(call->message),
                sd_bus_message_get_path(call->message), sd_bus_message_get_interface(call->message),
                sd_bus_message_get_member(call->message));
        if (r >= 0)
                r = sd_bus_message_set_auto_start(copy, false);
        if (r >= 0)
                r = sd_bus_message_rewind(call->message, true);
        if (r >= 0)
                r = sd_bus_message_copy(copy, call->message, true);
        if (r < 0)
                return r;
        sd_bus_message_unref(call->message);
        call->message = TAKE_PTR(copy);
        return 0;
}

/* One pause for all that is not answered meanwhile. */
static void send_again(Pid1Call *call)
{
        Pid1 *pid1 = call->pid1;

        if (renew_message(call) < 0)
                log_debug("A call to systemd is sent again with the number that it had");
        pid1_enqueue(pid1, call);
        if (pid1->pausing)
                return;
        if (sd_event_source_set_time_relative(pid1->again, backoff_next(&pid1->pause)) < 0 ||
            sd_event_source_set_enabled(pid1->again, SD_EVENT_ONESHOT) < 0)
                return;
        pid1->pausing = true;
        if (pid1->pause.n < AGAIN_SILENT || pid1->silent)
                return;
        pid1->silent = true;
        log_warning("systemd does not answer on the bus and is asked again until it does: see 'systemctl "
                    "status' and 'journalctl -b _PID=1'");
}

static void note_answer(Pid1 *pid1)
{
        if (pid1->silent)
                log_info("systemd answers again");
        pid1->silent = pid1->pausing = false;
        backoff_reset(&pid1->pause);
}

/* Not PID 1's answer but the bus's, or sd-bus's own when the connection is gone or nothing came in time. */
static bool is_unanswered(sd_bus_message *reply)
{
        static const char *const errors[] = {
                SD_BUS_ERROR_NO_REPLY,
                SD_BUS_ERROR_NAME_HAS_NO_OWNER,
                SD_BUS_ERROR_SERVICE_UNKNOWN,
                SD_BUS_ERROR_LIMITS_EXCEEDED,
        };

        for (size_t i = 0; i < ELEMENTSOF(errors); i++)
                if (sd_bus_message_is_method_error(reply, errors[i]))
                        return true;
        return false;
}

Pid1Call *pid1_call_free(Pid1Call *call)
{
        Pid1 *pid1;

        if (!call)
                return NULL;
        pid1 = call->pid1;
        if (call->slot) {
                /* The reply still counts at the bus until it arrives, but nobody can learn of that: count it
                 * as come. */
                sd_bus_slot_unref(call->slot);
                pid1->n_sent--;
        } else
                pid1_unqueue(call);
        sd_bus_message_unref(call->message);
        free(call);
        send_waiting(pid1);
        return NULL;
}

static int pid1_on_reply(sd_bus_message *reply, void *userdata, _unused_ sd_bus_error *reterr)
{
        Pid1Call *call = userdata;
        Pid1Done done = call->done;
        void *done_userdata = call->userdata;
        Pid1 *pid1 = call->pid1;

        call->slot = sd_bus_slot_unref(call->slot);
        pid1->n_sent--;
        if (is_unanswered(reply)) {
                send_again(call);
                return 1;
        }
        note_answer(pid1);
        send_waiting(pid1);
        pid1->repeated = call->n_sent > 1;
        sd_bus_message_unref(call->message);
        free(call);
        done(done_userdata, reply);
        return 1;
}

int pid1_init(Pid1 *pid1, sd_bus *bus)
{
        int r;

        assert(pid1);
        assert(bus);

        pid1->bus = bus;
        pid1->pause = (Backoff){ .first_usec = AGAIN_FIRST_USEC, .max_usec = AGAIN_MAX_USEC };
        r = sd_event_add_time_relative(sd_bus_get_event(bus), &pid1->again, CLOCK_MONOTONIC, 0, 0,
                                       pid1_on_again, pid1);
        return r < 0 ? r : sd_event_source_set_enabled(pid1->again, SD_EVENT_OFF);
}

void pid1_clear(Pid1 *pid1)
{
        assert(pid1);
        pid1->again = sd_event_source_disable_unref(pid1->again);
}

int pid1_call(Pid1 *pid1, sd_bus_message *message, Pid1Done done, void *userdata, Pid1Call **ret)
{
        Pid1Call *call;
        int r;

        assert(pid1);
        assert(message);
        assert(done);
        assert(ret);

        call = calloc(1, sizeof(Pid1Call));
        if (!call)
                return -ENOMEM;
        *call = (Pid1Call){
                .pid1 = pid1, .message = sd_bus_message_ref(message), .done = done, .userdata = userdata
        };

        /* Its name is not to be activated: nobody but PID 1 can have it. */
        r = sd_bus_message_set_auto_start(message, false);
        if (r >= 0 && (pid1->waiting || pid1->n_sent >= PID1_CALLS_MAX))
                pid1_enqueue(pid1, call);
        else {
                if (r >= 0)
                        r = send_now(call);
                if (r == -ENOTCONN || r == -ECONNRESET) {
                        pid1_enqueue(pid1, call);
                        r = 0;
                }
                if (r < 0) {
                        sd_bus_message_unref(call->message);
                        free(call);
                        return r;
                }
        }
        *ret = call;
        return 0;
}

int pid1_method(Pid1 *pid1, const char *method, sd_bus_message **ret)
{
        assert(pid1);
        return sd_bus_message_new_method_call(pid1->bus, ret, PID1_NAME, PID1_PATH, PID1_MANAGER, method);
}

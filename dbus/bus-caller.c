/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/bus-caller.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "dbus/bus-class.h"
#include "dbus/bus-gate.h"
#include "dbus/bus-object.h"
#include "dbus/bus-sender.h"
#include "dbus/bus-signals.h"

/* The caller's uid; *ret_user stays NULL when there is no bus in between. */
static int find_user(const Bus *bus, sd_bus_message *message, uid_t *ret, BusUser **ret_user)
{
        const char *name = sd_bus_message_get_sender(message);
        _cleanup_(sd_bus_creds_unrefp) sd_bus_creds *creds = NULL;
        const BusSender *sender;
        int r;

        if (name) {
                sender = bus_sender_find(bus, name);
                /* Those who are not known do not come so far. */
                if (!sender || !sender->user)
                        return -EACCES;
                *ret = sender->user->uid;
                *ret_user = sender->user;
                return 0;
        }
        r = sd_bus_get_owner_creds(bus->params.bus, SD_BUS_CREDS_EUID, &creds);
        return r < 0 ? r : sd_bus_creds_get_euid(creds, ret);
}

int bus_call_new(Bus *bus, sd_bus_message *message, const BusMethod *method, BusCall **ret,
                 sd_bus_error *reterr)
{
        BusUser *user = NULL;
        BusCall *call;
        uid_t uid = 0;
        int r;

        assert(bus);
        assert(message);
        assert(ret);

        r = find_user(bus, message, &uid, &user);
        if (r >= 0 && user)
                r = bus_user_begin(bus, user, reterr);
        if (r < 0)
                return r;
        call = calloc(1, sizeof(BusCall));
        if (!call) {
                if (user)
                        bus_user_end(user);
                return -ENOMEM;
        }
        call->bus = bus;
        call->message = sd_bus_message_ref(message);
        call->method = method;
        call->user = user;
        call->call = (Call){ .uid = uid };
        LIST_PREPEND(calls, bus->calls, call);
        *ret = call;
        return 0;
}

/* From now on nobody is answered. */
static void call_detach(BusCall *call)
{
        if (!call->bus)
                return;
        call->question = bus_question_free(call->question);
        LIST_REMOVE(calls, call->bus->calls, call);
        call->bus = NULL;
        if (call->user)
                bus_user_end(call->user);
        call->user = NULL;
        call->message = sd_bus_message_unref(call->message);
}

BusCall *bus_call_free(BusCall *call)
{
        if (!call)
                return NULL;
        call_detach(call);
        free(call);
        return NULL;
}

void bus_caller_detach_all(Bus *bus)
{
        BusCall *call, *next;

        /* What has begun ends when the pipeline says so. */
        LIST_FOREACH_SAFE (calls, call, next, bus->calls)
                if (call->question)
                        bus_call_free(call);
                else
                        call_detach(call);
}

int bus_call_reply_new(BusCall *call, sd_bus_message **ret)
{
        return sd_bus_message_new_method_return(call->message, ret);
}

void bus_call_send(BusCall *call, sd_bus_message *reply)
{
        int r;

        bus_signals_flush(call->bus);
        if (!sd_bus_message_get_expect_reply(call->message))
                return;
        r = sd_bus_send(call->bus->params.bus, reply, NULL);
        if (r < 0)
                log_debug("Cannot answer %s, ignoring: %s", sd_bus_message_get_member(call->message),
                          strerror(-r));
}

void bus_call_fail(BusCall *call, int r, const sd_bus_error *error)
{
        bus_signals_flush(call->bus);
        if (error && sd_bus_error_is_set(error))
                r = sd_bus_reply_method_error(call->message, error);
        else
                r = sd_bus_reply_method_errno(call->message, r, NULL);
        if (r < 0)
                log_debug("Cannot answer %s, ignoring: %s", sd_bus_message_get_member(call->message),
                          strerror(-r));
}

void bus_call_finish(BusCall *call, sd_bus_message *reply, int r)
{
        if (r < 0)
                bus_call_fail(call, r, NULL);
        else
                bus_call_send(call, reply);
}

static void bus_caller_answer(BusCall *call, const sd_bus_error *error, uint64_t id)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r;

        if (error) {
                bus_call_fail(call, -EIO, error);
                return;
        }
        r = bus_call_reply_new(call, &reply);
        if (r >= 0)
                r = sd_bus_message_rewind(call->message, true);
        if (r >= 0 && call->method->reply)
                r = call->method->reply(call, id, reply);
        bus_call_finish(call, reply, r);
}

void bus_call_end(BusCall *call)
{
        assert(call);

        if (call->is_starting)
                call->is_done = true;
        else
                bus_call_free(call);
}

static void bus_caller_on_done(void *userdata, const sd_bus_error *error, uint64_t id)
{
        BusCall *call = userdata;

        if (call->bus)
                bus_caller_answer(call, error, id);
        bus_call_end(call);
}

/* What is to be looked at before and after polkit is asked, which may take a person's time: the object,
 * which is in *ret, and whether anything may be changed. */
static int find_object(const BusCall *call, BusObject **ret, sd_bus_error *reterr)
{
        const char *path = sd_bus_message_get_path(call->message);
        int r;

        r = sd_bus_message_rewind(call->message, true);
        if (r >= 0)
                r = bus_gate_filter(call->message, call->bus, reterr);
        if (r >= 0 && !call->method->harmless)
                r = pipeline_refuse_change(call->bus->params.pipeline, reterr);
        if (r < 0)
                return r;
        *ret = bus_object_find(call->bus, path);
        if (!*ret)
                return sd_bus_error_setf(reterr, SD_BUS_ERROR_UNKNOWN_OBJECT, "Unknown object '%s'.", path);
        r = sd_bus_message_rewind(call->message, true);
        return r < 0 ? r : 0;
}

/* Does what is allowed. The call is gone, or goes on, in any case. */
static int bus_caller_run(BusCall *call, sd_bus_error *reterr)
{
        BusObject *object;
        int r;

        call->is_starting = true;
        r = find_object(call, &object, reterr);
        if (r >= 0)
                r = call->method->run(call, object->noun, reterr);
        call->is_starting = false;
        return r;
}

/* Polkit has answered. */
static void on_answered(void *userdata, const sd_bus_error *refusal)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        BusCall *call = userdata;
        int r = -EACCES;

        call->question = bus_question_free(call->question);
        if (!refusal) {
                r = bus_caller_run(call, &error);
                refusal = &error;
        }
        if (r < 0)
                bus_call_fail(call, r, refusal);
        if (r < 0 || call->is_done)
                bus_call_free(call);
}

/* Asks polkit whether somebody else than root may. */
static int ask_right(BusCall *call, sd_bus_error *reterr)
{
        BusRight right = { .action = call->method->action, .verb = call->method->verb };
        BusObject *object;
        int r;

        r = find_object(call, &object, reterr);
        if (r >= 0 && call->method->about)
                r = call->method->about(call, object->noun, &right, reterr);
        else if (r >= 0 && object->class->about)
                r = object->class->about(call, object->noun, &right, reterr);
        if (r < 0)
                return r;
        if (!call->user)
                return bus_right_refuse(&right, "there is no bus that knows who else calls", reterr);
        return bus_authorize(call->bus, call->message, &right, on_answered, call, &call->question, reterr);
}

/* The one place that decides whether somebody may do something. */
static int bus_caller_begin(BusCall *call, sd_bus_error *reterr)
{
        if (call->call.uid == 0)
                return bus_caller_run(call, reterr);
        if (call->method->action == ACTION_ROOT)
                return sd_bus_error_setf(reterr, SD_BUS_ERROR_ACCESS_DENIED, "Only root may call %s",
                                         call->method->member);
        return ask_right(call, reterr);
}

int bus_caller_take(Bus *bus, sd_bus_message *message, const BusMethod *method, sd_bus_error *reterr)
{
        BusCall *call;
        int r;

        assert(bus);
        assert(message);
        assert(method);

        r = bus_call_new(bus, message, method, &call, reterr);
        if (r < 0)
                return r;
        call->call.done = bus_caller_on_done;
        call->call.userdata = call;
        r = bus_caller_begin(call, reterr);
        if (r < 0)
                bus_signals_flush(bus);
        if (r < 0 || call->is_done)
                bus_call_free(call);
        return r < 0 ? r : 1;
}

int bus_caller_method(sd_bus_message *message, void *userdata, sd_bus_error *reterr)
{
        Bus *bus = bus_of_message(message);
        BusObject *object = bus_object_find(bus, sd_bus_message_get_path(message));

        (void) userdata;
        assert(object);
        /* Each such row of a vtable has its row in the class: a test walks them. */
        return bus_caller_take(bus, message,
                               bus_class_find_method(object->class, sd_bus_message_get_member(message)),
                               reterr);
}

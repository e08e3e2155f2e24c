/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/adopt-bus.h"

#include <errno.h>
#include <string.h>

#include "base/names.h"
#include "base/text.h"

/* Directories are renamed and two statements committed: both take moments, unless the database is away. */
#define ANSWER_USEC (60 * USEC_PER_SEC)

static void adopt_on_done(void *userdata, const sd_bus_error *error, const char *const *lines)
{
        _cleanup_(bus_call_endp) BusCall *call = userdata;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r;

        if (!call->bus)
                return;
        if (error) {
                bus_call_fail(call, -EIO, error);
                return;
        }
        r = bus_call_reply_new(call, &reply);
        if (r >= 0)
                r = sd_bus_message_append_strv(reply, (char **) (uintptr_t) lines);
        bus_call_finish(call, reply, r);
}

int adopt_bus_run(BusCall *call, void *noun, sd_bus_error *reterr)
{
        int really, r;

        (void) noun;
        r = sd_bus_message_read(call->message, "b", &really);
        return r < 0 ? r : pipeline_adopt(call->bus->params.pipeline, really, adopt_on_done, call, reterr);
}

/* ---- who asks ---- */

int adopt_bus_ask(bool really, char ***ret, char **reterr)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL, *reply = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        int r;

        assert(ret);
        assert(reterr);

        r = sd_bus_open_system(&bus);
        if (r >= 0)
                r = sd_bus_message_new_method_call(bus, &message, BUS_NAME, BUS_PATH, BUS_INTERFACE_MANAGER,
                                                   "Adopt");
        if (r >= 0)
                r = sd_bus_message_append(message, "b", (int) really);
        if (r >= 0)
                r = sd_bus_call(bus, message, ANSWER_USEC, &error, &reply);
        if (r >= 0)
                r = sd_bus_message_read_strv(reply, ret);
        if (r < 0)
                *reterr = strdup(error.message ? error.message : strerror(-r));
        return r < 0 ? r : 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "systemd/shutdown.h"

#include <errno.h>
#include <string.h>

#include "systemd/units-internal.h"

#define PROPERTIES "org.freedesktop.DBus.Properties"
#define ASK_AGAIN_USEC \
        (1 * USEC_PER_SEC) /* a shutdown takes seconds, and who waits here waits for its end */
#define ASK_ACCURACY (100 * USEC_PER_MSEC)

struct ShutdownWait {
        Units *units;
        Pid1Call *call;
        sd_event_source *again;
        ShutdownOver over;
        void *userdata;
};

ShutdownWait *shutdown_wait_free(ShutdownWait *wait)
{
        if (!wait)
                return NULL;
        pid1_call_free(wait->call);
        sd_event_source_disable_unref(wait->again);
        free(wait);
        return NULL;
}

static int ask(ShutdownWait *wait);

static int on_again(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
        ShutdownWait *wait = userdata;

        wait->again = sd_event_source_unref(wait->again);
        return ask(wait);
}

/* An answer that cannot be read says nothing: it is asked for again, as a reading of a unit is. */
static void on_answer(void *userdata, sd_bus_message *reply)
{
        ShutdownWait *wait = userdata;
        const char *state;

        wait->call = NULL;
        if (!sd_bus_message_is_method_error(reply, NULL) &&
            sd_bus_message_read(reply, "v", "s", &state) >= 0 && strcmp(state, "stopping") != 0) {
                wait->over(wait->userdata);
                return;
        }
        /* Without memory for a timer nothing is judged: the machine goes down. */
        (void) sd_event_add_time_relative(sd_bus_get_event(wait->units->pid1.bus), &wait->again,
                                          CLOCK_MONOTONIC, ASK_AGAIN_USEC, ASK_ACCURACY, on_again, wait);
}

static int ask(ShutdownWait *wait)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        Pid1 *pid1 = &wait->units->pid1;
        int r;

        r = sd_bus_message_new_method_call(pid1->bus, &message, PID1_NAME, PID1_PATH, PROPERTIES, "Get");
        if (r >= 0)
                r = sd_bus_message_append(message, "ss", PID1_MANAGER, "SystemState");
        return r < 0 ? r : pid1_call(pid1, message, on_answer, wait, &wait->call);
}

int shutdown_wait_new(Units *units, ShutdownOver over, void *userdata, ShutdownWait **ret)
{
        _cleanup_(shutdown_wait_freep) ShutdownWait *wait = calloc(1, sizeof(ShutdownWait));
        int r;

        assert(units);
        assert(over);
        assert(ret);

        if (!wait)
                return -ENOMEM;
        *wait = (ShutdownWait){ .units = units, .over = over, .userdata = userdata };
        r = ask(wait);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(wait);
        return 0;
}

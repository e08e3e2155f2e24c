/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "systemd/shutdown.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "systemd/units-internal.h"

#define PROPERTIES   "org.freedesktop.DBus.Properties"
#define ASK_MAX_USEC (10 * USEC_PER_SEC) /* what has ended waits for this answer to be started again */
#define ASK_ACCURACY (100 * USEC_PER_MSEC)

struct ShutdownWait {
        Units *units;
        Pid1Call *call;
        sd_event_source *again;
        Backoff pause;
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

static int shutdown_ask(ShutdownWait *wait);

static int shutdown_on_again(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
        ShutdownWait *wait = userdata;

        wait->again = sd_event_source_unref(wait->again);
        return shutdown_ask(wait);
}

static bool is_end_of_machine(const char *state)
{
        return strcmp(state, "stopping") == 0 || strcmp(state, "maintenance") == 0;
}

/* Once for all that waits. */
static void say_that_it_waits(Units *units, const char *state)
{
        if (!units->in_shutdown)
                log_info("The state of the machine is '%s' (systemctl is-system-running): what ends now is "
                         "judged when that is over",
                         state);
        units->in_shutdown = true;
}

/* An answer that cannot be read says nothing: it is asked for again, as a reading of a unit is. */
static void shutdown_on_answer(void *userdata, sd_bus_message *reply)
{
        ShutdownWait *wait = userdata;
        const char *state;

        wait->call = NULL;
        if (!sd_bus_message_is_method_error(reply, NULL) &&
            sd_bus_message_read(reply, "v", "s", &state) >= 0) {
                if (!is_end_of_machine(state)) {
                        wait->units->in_shutdown = false;
                        wait->over(wait->userdata);
                        return;
                }
                say_that_it_waits(wait->units, state);
        }
        /* Without memory for a timer nothing is judged: the machine goes down. */
        (void) sd_event_add_time_relative(sd_bus_get_event(wait->units->pid1.bus), &wait->again,
                                          CLOCK_MONOTONIC, backoff_next(&wait->pause), ASK_ACCURACY,
                                          shutdown_on_again, wait);
}

static int shutdown_ask(ShutdownWait *wait)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        Pid1 *pid1 = &wait->units->pid1;
        int r;

        r = sd_bus_message_new_method_call(pid1->bus, &message, PID1_NAME, PID1_PATH, PROPERTIES, "Get");
        if (r >= 0)
                r = sd_bus_message_append(message, "ss", PID1_MANAGER, "SystemState");
        return r < 0 ? r : pid1_call(pid1, message, shutdown_on_answer, wait, &wait->call);
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
        *wait = (ShutdownWait){ .units = units,
                                .pause = { .first_usec = BACKOFF_FIRST_USEC, .max_usec = ASK_MAX_USEC },
                                .over = over,
                                .userdata = userdata };
        r = shutdown_ask(wait);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(wait);
        return 0;
}

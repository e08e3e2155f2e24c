/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end of units: removed with what they run, and with the directories of their user. */

#include <errno.h>
#include <string.h>

#include "base/failpoint.h"
#include "systemd/units-internal.h"

/* Whatever PID 1 answered to StopUnit or ResetFailedUnit, the unit's state says how far it is. */
static void on_remove_reply(void *userdata, sd_bus_message *reply)
{
        UnitCall *call = userdata;

        call->pending = NULL;
        call->asked = !sd_bus_message_is_method_error(reply, NULL);
        units_read(call->units, call->name);
}

static int ask_to_kill(UnitCall *call)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        int r;

        call->kill = false; /* whoever is left after it is in the kernel */
        r = pid1_method(&call->units->pid1, "KillUnit", &message);
        if (r >= 0)
                r = sd_bus_message_append(message, "ssi", call->name, "all", SIGKILL);
        return r < 0 ? r : unit_call_ask(call, message, on_remove_reply);
}

static void on_remove_state(void *userdata, const UnitState *state)
{
        UnitCall *call = userdata;
        bool failed, stopping = strcmp(state->active, "deactivating") == 0;
        int r;

        if (!state->loaded) {
                FAILPOINT("unit.gone");
                unit_call_finish(call, 0, NULL);
                return;
        }
        /* PID 1 answers calls before it runs jobs: whoever asks again and again keeps it from running this
         * one. Its end is told by a signal. */
        if (call->pending || (stopping ? !call->kill : call->asked && state->job_pending))
                return;
        failed = strcmp(state->active, "failed") == 0 && !state->job_pending;
        r = stopping ? ask_to_kill(call)
                     : unit_call_ask_about(call, failed ? "ResetFailedUnit" : "StopUnit", !failed,
                                           on_remove_reply);
        if (r < 0)
                unit_call_finish(call, r, strerror(-r));
}

int units_remove(Units *units, const char *name, bool kill, UnitCallDone done, void *userdata,
                 UnitCall **ret)
{
        _cleanup_(unit_call_freep) UnitCall *call = NULL;
        int r;

        assert(units);
        assert(name);
        assert(done);
        assert(ret);

        r = unit_call_new(units, name, done, userdata, &call);
        if (r >= 0)
                call->kill = kill;
        if (r >= 0)
                r = unit_watch_new(units, name, on_remove_state, call, &call->watch);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(call);
        return 0;
}

/* Our reference is given back, and with it the unit goes. */
static void on_unreferenced(void *userdata, _unused_ sd_bus_message *reply)
{
        UnitCall *call = userdata;

        call->pending = NULL;
        unit_call_finish(call, 0, NULL);
}

static void on_cleaning(void *userdata, sd_bus_message *reply)
{
        UnitCall *call = userdata;

        call->pending = NULL;
        if (sd_bus_message_is_method_error(reply, NULL)) {
                unit_call_finish_with_error(call, reply);
                return;
        }
        call->cleaned = true;
        units_read(call->units, call->name);
}

static void on_clean_state(void *userdata, const UnitState *state)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        UnitCall *call = userdata;
        int r;

        if (call->pending || !unit_state_is_over(state))
                return;
        if (call->cleaned || !state->loaded) {
                r = unit_call_ask_about(call, "UnrefUnit", /* job= */ false, on_unreferenced);
                if (r < 0)
                        unit_call_finish(call, r, strerror(-r));
                return;
        }
        r = pid1_method(&call->units->pid1, "CleanUnit", &message);
        if (r >= 0)
                r = sd_bus_message_append(message, "sas", call->name, 2, "state", "cache");
        if (r >= 0)
                r = unit_call_ask(call, message, on_cleaning);
        if (r < 0)
                unit_call_finish(call, r, strerror(-r));
}

static void on_clean_started(void *userdata, sd_bus_message *reply)
{
        UnitCall *call = userdata;
        int r;

        call->pending = NULL;
        if (sd_bus_message_is_method_error(reply, NULL)) {
                unit_call_finish_with_error(call, reply);
                return;
        }
        r = unit_watch_new(call->units, call->name, on_clean_state, call, &call->watch);
        if (r < 0)
                unit_call_finish(call, r, strerror(-r));
}

int units_clean(Units *units, const UnitSpec *spec, UnitCallDone done, void *userdata, UnitCall **ret)
{
        _cleanup_(unit_call_freep) UnitCall *call = NULL;
        int r;

        assert(units);
        assert(spec && spec->hold);
        assert(done);
        assert(ret);

        r = unit_call_new(units, spec->name, done, userdata, &call);
        if (r >= 0)
                r = unit_call_ask_to_start(call, spec, on_clean_started);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(call);
        return 0;
}

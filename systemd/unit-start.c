/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The start of units, and what it means that PID 1 has one of that name already. */

#include <errno.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/text.h"
#include "systemd/unit-own.h"
#include "systemd/units-internal.h"

/* A unit of that name may be unloaded between the answer that it exists and the reading of it. */
#define STARTS_MAX 3

int unit_call_ask_to_start(UnitCall *call, const UnitSpec *spec, Pid1Done on_reply)
{
        int r;

        call->kind = spec->kind;
        call->limits = (UnitLimits){ spec->memory_max, spec->tasks_max, spec->cpu_quota_usec };
        r = pid1_method(&call->units->pid1, "StartTransientUnit", &call->start);
        if (r >= 0)
                r = sd_bus_message_append(call->start, "ss", spec->name, "fail");
        if (r >= 0)
                r = unit_spec_append(call->start, spec);
        if (r >= 0)
                r = sd_bus_message_append(call->start, "a(sa(sv))", 0);
        if (r < 0)
                return r;
        call->n_starts++;
        return unit_call_ask(call, call->start, on_reply);
}

bool unit_call_says_exists(sd_bus_message *reply)
{
        return sd_bus_message_is_method_error(reply, "org.freedesktop.systemd1.UnitExists");
}

static void unit_start_on_started(void *userdata, sd_bus_message *reply)
{
        UnitCall *call = userdata;

        call->pending = NULL;
        units_read(call->units, call->name);
        if (sd_bus_message_is_method_error(reply, NULL))
                unit_call_finish_with_error(call, reply);
        else
                unit_call_finish(call, 0, NULL);
}

/* PID 1 remembers of a unit that it kept loaded how often it was started, and its old limits. Neither is
 * worth failing for. */
static void on_made_ready(void *userdata, _unused_ sd_bus_message *reply)
{
        UnitCall *call = userdata;
        int r;

        call->pending = NULL;
        if (call->limited)
                r = unit_call_ask_about(call, "StartUnit", /* job= */ true, unit_start_on_started);
        else {
                call->limited = true;
                r = unit_call_ask_for_limits(call, on_made_ready);
        }
        if (r < 0)
                unit_call_finish(call, r, strerror(-r));
}

/* Whether the unit that exists is the one that was to be started. Its name does not say that. */
static bool start_is_done(const UnitCall *call, const UnitState *state)
{
        /* It may run since before the daemon was started. What its end means, its owner knows. */
        if (unit_kind_row(call->kind)->resume != UNIT_RESUME_NEVER)
                return !unit_state_is_gone(state);
        /* PID 1 has heard the call before it answered: the unit is in this run, or has ended it. */
        return call->repeated;
}

static void unit_start_with_stranger(UnitCall *call, const UnitState *state)
{
        _cleanup_free_ char *sentence = unit_describe_stranger(call->name, state);

        unit_call_finish(call, -EEXIST, text_or_empty(sentence));
}

static void finish_with_remains(UnitCall *call, const UnitState *state)
{
        _cleanup_free_ char *sentence =
                unit_state_is_over(state)
                        ? text_format("the unit %s of an earlier run is still loaded; the units that keep "
                                      "it are in 'systemctl show --property=Before,WantedBy,RequiredBy %s'",
                                      call->name, call->name)
                        : text_format("the unit %s of an earlier run still runs; see 'systemctl status %s'",
                                      call->name, call->name);

        unit_call_finish(call, -EEXIST, text_or_empty(sentence));
}

static void on_answered(void *userdata, sd_bus_message *reply);

static void on_existing(void *userdata, const UnitState *state)
{
        UnitCall *call = userdata;
        int r = 0;

        if (call->pending)
                return;
        if (!state->loaded && call->n_starts < STARTS_MAX) {
                call->n_starts++;
                r = unit_call_ask(call, call->start, on_answered);
        } else if (!state->own)
                return unit_start_with_stranger(call, state);
        else if (start_is_done(call, state))
                return unit_call_finish(call, 0, NULL);
        else if (unit_kind_row(call->kind)->resume != UNIT_RESUME_INSTANCE)
                return finish_with_remains(call, state);
        else
                r = unit_call_ask_about(call, "ResetFailedUnit", /* job= */ false, on_made_ready);
        if (r < 0)
                unit_call_finish(call, r, strerror(-r));
}

static void on_answered(void *userdata, sd_bus_message *reply)
{
        UnitCall *call = userdata;
        int r = 0;

        FAILPOINT("unit-%s.answered", unit_call_kind(call));
        if (!unit_call_says_exists(reply))
                return unit_start_on_started(call, reply);
        call->pending = NULL;
        call->repeated |= call->units->pid1.repeated;
        if (call->watch)
                units_read(call->units, call->name);
        else
                r = unit_watch_new(call->units, call->name, on_existing, call, &call->watch);
        if (r < 0)
                unit_call_finish(call, r, strerror(-r));
}

int units_start(Units *units, const UnitSpec *spec, UnitCallDone done, void *userdata, UnitCall **ret)
{
        _cleanup_(unit_call_freep) UnitCall *call = NULL;
        int r;

        assert(units);
        assert(spec);
        assert(done);
        assert(ret);

        r = unit_call_new(units, spec->name, done, userdata, &call);
        if (r >= 0)
                r = unit_call_ask_to_start(call, spec, on_answered);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(call);
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end of units: removed with what they run, and with the directories of their user. */

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/text.h"
#include "systemd/unit-own.h"
#include "systemd/units-internal.h"

/* What has ended is unloaded within moments, if nobody refers to it and no process of it is left. */
#define UNLOAD_USEC (1 * USEC_PER_SEC)

/* PID 1 gives a unit its stop timeout up to four times (for SIGTERM, for SIGKILL, and for each of them again
 * after ExecStopPost=). After that and this much more the log says that it does not end. */
#define STOP_TIMEOUTS  4
#define TOLD_MORE_USEC (10 * USEC_PER_SEC)

/* From then on it is looked at so often, about once a minute, and then left to the next start. */
#define LOOKS_MAX 10

static void on_remove_reply(void *userdata, sd_bus_message *reply)
{
        UnitCall *call = userdata;

        call->pending = NULL;
        call->taken = !sd_bus_message_is_method_error(reply, NULL);
        units_read(call->units, call->name);
}

static int ask_to_kill(UnitCall *call)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        int r;

        r = pid1_method(&call->units->pid1, "KillUnit", &message);
        if (r >= 0)
                r = sd_bus_message_append(message, "ssi", call->name, "all", SIGKILL);
        return r < 0 ? r : unit_call_ask(call, message, on_remove_reply);
}

static int unit_remove_ask(UnitCall *call, unsigned end)
{
        if (end == UNIT_END_KILL)
                return ask_to_kill(call);
        return unit_call_ask_about(call, end == UNIT_END_RESET ? "ResetFailedUnit" : "StopUnit",
                                   end != UNIT_END_RESET, on_remove_reply);
}

static int unit_remove_on_look(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
        UnitCall *call = userdata;

        call->due = true;
        units_read(call->units, call->name);
        return 0;
}

static int look_later(UnitCall *call, uint64_t usec)
{
        int r;

        call->due = false;
        if (!call->look)
                return sd_event_add_time_relative(sd_bus_get_event(call->units->pid1.bus), &call->look,
                                                  CLOCK_MONOTONIC, usec, 0, unit_remove_on_look, call);
        r = sd_event_source_set_time_relative(call->look, usec);
        return r < 0 ? r : sd_event_source_set_enabled(call->look, SD_EVENT_ONESHOT);
}

/* It has ended and is loaded: kept so, if it is still after a moment. 1 if it counts as gone. */
static int wait_for_unload(UnitCall *call, const UnitState *state)
{
        if (!call->kept) {
                call->kept = true;
                return look_later(call, UNLOAD_USEC);
        }
        if (!call->due)
                return 0;
        if (state->control_group[0] != '\0')
                log_warning("Unit %s has ended, but a process of it cannot be killed; going on without it: "
                            "see 'systemd-cgls --unit %s'",
                            call->name, call->name);
        return 1;
}

static void tell_once(UnitCall *call, const UnitState *state)
{
        uint64_t patience = TOLD_MORE_USEC;

        if (state->stop_timeout < (USEC_INFINITY - TOLD_MORE_USEC) / STOP_TIMEOUTS)
                patience += STOP_TIMEOUTS * state->stop_timeout;
        if (call->told || clock_usec(CLOCK_MONOTONIC) < call->began + patience)
                return;
        call->told = true;
        log_warning(
                "Unit %s does not end (it is %s, %s); looking at it again: see 'systemctl status %s' and "
                "'systemctl list-jobs'",
                call->name, state->active, state->sub, call->name);
}

/* What is to be asked for, 0 = nothing. PID 1 answers calls before it runs jobs: asking again and again
 * would keep it from running this one. Its end is told by a signal. */
static unsigned next_of(const UnitCall *call, const UnitState *state)
{
        if (strcmp(state->active, "deactivating") == 0)
                return call->kill && !(call->asked & UNIT_END_KILL) ? UNIT_END_KILL : 0;
        if (call->taken && state->job_pending)
                return 0;
        return strcmp(state->active, "failed") == 0 && !state->job_pending ? UNIT_END_RESET : UNIT_END_STOP;
}

/* Each thing is asked for at once the first time, and again after a pause. 1 if there is no point in going
 * on. */
static int unit_remove_go_on(UnitCall *call, const UnitState *state)
{
        unsigned end = next_of(call, state);
        bool first = end != 0 && !(call->asked & end);
        int r;

        call->kept = false;
        if (call->look && !call->due && !first)
                return 0;
        tell_once(call, state);
        if (call->told && !first && ++call->n_looks > LOOKS_MAX)
                return 1;
        r = look_later(call, backoff_next(&call->pause));
        if (r < 0 || end == 0)
                return r;
        call->asked |= end;
        call->taken = false;
        return unit_remove_ask(call, end);
}

static void unit_remove_with_stranger(UnitCall *call, const UnitState *state)
{
        _cleanup_free_ char *sentence = unit_describe_stranger(call->name, state);

        unit_call_finish(call, -EEXIST, text_or_empty(sentence));
}

static void finish_without_end(UnitCall *call)
{
        _cleanup_free_ char *sentence =
                text_format("it has not ended after %" PRIu64 " min, and the next start of deployd goes on "
                            "with it: see 'systemctl status %s'",
                            (clock_usec(CLOCK_MONOTONIC) - call->began) / (60 * USEC_PER_SEC), call->name);

        unit_call_finish(call, -ETIMEDOUT, text_or_empty(sentence));
}

static void on_remove_state(void *userdata, const UnitState *state)
{
        UnitCall *call = userdata;
        int r;

        if (!state->loaded) {
                FAILPOINT("unit.gone");
                unit_call_finish(call, 0, NULL);
                return;
        }
        if (!state->own)
                return unit_remove_with_stranger(call, state);
        if (call->pending)
                return;
        if (unit_state_is_gone(state)) {
                r = wait_for_unload(call, state);
                if (r > 0)
                        return unit_call_finish(call, 0, NULL);
        } else {
                r = unit_remove_go_on(call, state);
                if (r > 0)
                        return finish_without_end(call);
        }
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
        if (r < 0)
                return r;
        call->pause = (Backoff) BACKOFF_INIT;
        call->began = clock_usec(CLOCK_MONOTONIC);
        call->kill = kill;
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
        if (sd_bus_message_is_method_error(reply, NULL) &&
            !(unit_call_says_exists(reply) && call->units->pid1.repeated)) {
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

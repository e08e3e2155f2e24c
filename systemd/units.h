/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* PID 1, seen as a place where named units have a state. Its signals are hints only: whatever arrives, the
 * unit is read again and the watcher is told what was read. So a daemon-reload, a re-execution or a lost bus
 * need no handling by others. */

#include <systemd/sd-bus.h>

#include "base/cleanup.h"
#include "systemd/unit-state.h"

typedef struct Units Units;
typedef struct UnitWatch UnitWatch;
typedef struct UnitCall UnitCall;
typedef struct UnitSpec UnitSpec;

/* `bus` is the system bus, attached to an event loop; Subscribe and the matches are made asynchronously on
 * it. 0 or -errno. */
int units_new(sd_bus *bus, Units **ret);
Units *units_free(Units *units);
DEFINE_CLEANUP(Units *, units_free);

/* Watches one unit by name: it is read at once and after every hint, and each reading is told. The callback
 * may free the watch. At most one watch per name: -EEXIST. */
typedef void (*UnitChanged)(void *userdata, const UnitState *state);
int unit_watch_new(Units *units, const char *name, UnitChanged changed, void *userdata, UnitWatch **ret);
UnitWatch *unit_watch_free(UnitWatch *watch);
DEFINE_CLEANUP(UnitWatch *, unit_watch_free);

/* Ends of the calls below: 0, or -errno with a sentence (-ECONNRESET: the bus went away). The call is freed
 * after it. Dropping the call with unit_call_free() drops the callback, not what PID 1 was asked. */
typedef void (*UnitCallDone)(void *userdata, int error, const char *sentence);
UnitCall *unit_call_free(UnitCall *call);
DEFINE_CLEANUP(UnitCall *, unit_call_free);

/* StartTransientUnit. That PID 1 has a unit of that name already is no success, for the name does not say
 * whose run it is:
 * - A unit that somebody else has made (unit-own.h) is -EEXIST, with a sentence that names it.
 * - Of a kind that is kept across a start of the daemon (UnitKindRow.resume), the row in the database says
 *   that the unit may run already: it is taken back, whatever it does or however it has ended. If PID 1 only
 *   keeps it loaded, an app's is started again (StartUnit), with the limits of the spec and its other old
 *   properties; another is -EEXIST.
 * - Of another kind, it is the run that was asked for if PID 1 may have heard this call before (it was
 *   executing itself). Else it is one of an earlier run: -EEXIST. */
int units_start(Units *units, const UnitSpec *spec, UnitCallDone done, void *userdata, UnitCall **ret);

/* RestartUnit of a transient unit that is still loaded. */
int units_restart(Units *units, const char *name, UnitCallDone done, void *userdata, UnitCall **ret);

/* ReloadUnit. Done when PID 1 has taken the job: one that is asked for while another is under way comes
 * after it. */
int units_reload(Units *units, const char *name, UnitCallDone done, void *userdata, UnitCall **ret);

/* SIGKILL for all processes of the unit, whatever state it is in. */
int units_kill(Units *units, const char *name, UnitCallDone done, void *userdata, UnitCall **ret);

/* Stops the unit (its own stop timeout, then SIGKILL; `kill`: SIGKILL at once), forgets its result, and is
 * done when it is gone (unit_state_is_gone()): PID 1 does not know the name any more, or has ended the unit
 * and keeps it loaded. What has to be asked for again is, after pauses that grow; a unit that does not end
 * is told in the log once, with what to look at. Errors besides: -EEXIST: somebody else has made the unit,
 * which is left alone; -ETIMEDOUT: it has not ended long after the log said so, and goes on ending. */
int units_remove(Units *units, const char *name, bool kill, UnitCallDone done, void *userdata,
                 UnitCall **ret);

/* StopUnit of a slice, with all that is in it. Done when PID 1 has taken the job. (units_remove() would wait
 * for ever: PID 1 knows any slice that somebody asks about.) */
int units_stop_slice(Units *units, const char *name, UnitCallDone done, void *userdata, UnitCall **ret);

/* The names of all units deployd-*.service that have a name of ours, and of the slices of apps: those that
 * are loaded and not gone. */
typedef void (*UnitsListed)(void *userdata, int error, char *const *names);
int units_list(Units *units, UnitsListed listed, void *userdata, UnitCall **ret);

/* The version of systemd, `252.39-1~deb12u1`: the sentence of `done`, whose error is 0 then. */
int units_ask_version(Units *units, UnitCallDone done, void *userdata, UnitCall **ret);

/* SetUnitProperties of MemoryMax, TasksMax and CPUQuotaPerSecUSec on a running unit; 0 = infinity. Runtime
 * only. */
int units_set_limits(Units *units, const char *name, uint64_t memory_max, uint64_t tasks_max,
                     uint64_t cpu_quota_usec, UnitCallDone done, void *userdata, UnitCall **ret);

/* Removes what a dynamic user owns: starts a unit of that user and those directories that does nothing, then
 * has PID 1 clean its directories (CleanUnit). */
int units_clean(Units *units, const UnitSpec *spec, UnitCallDone done, void *userdata, UnitCall **ret);

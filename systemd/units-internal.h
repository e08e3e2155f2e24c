/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Shared by the files of units.h; nobody else includes it. */

#include <systemd/sd-event.h>

#include "systemd/pid1.h"
#include "systemd/unit-spec.h"
#include "systemd/units.h"

#define PID1_UNIT_PATH PID1_PATH "/unit"
#define UNIT_SIGNALS   5 /* kinds of signals that are listened to */

/* What may be changed of a unit that is loaded; 0 = infinity. */
typedef struct UnitLimits {
        uint64_t memory_max, tasks_max, cpu_quota_usec;
} UnitLimits;

struct Units {
        Pid1 pid1;
        void *units_by_path;
        LIST_HEAD(struct Unit, all);
        sd_bus_slot *matches[UNIT_SIGNALS];
        sd_event_source *retry; /* reads what could not be read */
        Backoff retry_pause;
        bool in_shutdown;     /* the log says that nothing is judged */
        struct Unit *telling; /* whose watches are being told, and which is next */
        UnitWatch *telling_next;
};

/* Read the unit, or all, again if somebody watches. */
void units_read(Units *units, const char *name);
void units_read_all(Units *units);
/* PID 1 says that something about the unit of that path is different, or that it was removed. */
void units_hint(Units *units, const char *path, bool removed);
/* Subscribes to PID 1's signals. 0 or -errno. */
int unit_signals_match(Units *units);

/* What ends a unit. */
typedef enum UnitEnd {
        UNIT_END_STOP = 1 << 0,  /* StopUnit */
        UNIT_END_RESET = 1 << 1, /* ResetFailedUnit */
        UNIT_END_KILL = 1 << 2,  /* KillUnit */
} UnitEnd;

/* One thing asked of PID 1 for one unit. */
struct UnitCall {
        Units *units;
        char *name;
        Pid1Call *pending;
        UnitWatch *watch;
        UnitCallDone done;
        UnitsListed listed;
        void *userdata;
        bool cleaned; /* units_clean(): the directories are gone */

        /* units_start() */
        sd_bus_message *start;
        UnitKind kind;
        UnitLimits limits;
        unsigned n_starts;
        bool repeated; /* PID 1 may have heard it before */
        bool limited;  /* a unit that was kept loaded has the limits of this start */

        /* units_remove() */
        sd_event_source *look; /* looks at it again; NULL = it was not looked at yet */
        Backoff pause;
        uint64_t began;   /* CLOCK_MONOTONIC, in microseconds */
        unsigned asked;   /* what it was asked for, bits of UnitEnd */
        unsigned n_looks; /* since the log says that it does not end */
        bool taken;       /* PID 1 has taken the last request */
        bool due;         /* the pause is over */
        bool kill;        /* as soon as it is being stopped */
        bool kept;        /* it has ended and was still loaded */
        bool told;        /* the log says that it does not end */
};

#if DEPLOYD_FAILPOINTS
/* `app` of deployd-app-shop-42.web.1.service. */
const char *unit_call_kind(const UnitCall *call);
#endif

int unit_call_new(Units *units, const char *name, UnitCallDone done, void *userdata, UnitCall **ret);
/* Frees the call and tells its end. */
void unit_call_finish(UnitCall *call, int error, const char *sentence);
void unit_call_finish_with_error(UnitCall *call, sd_bus_message *reply);
/* Sends `message` for the call. */
int unit_call_ask(UnitCall *call, sd_bus_message *message, Pid1Done on_reply);
/* A Manager method with the unit's name and, for those that make a job, its mode. */
int unit_call_ask_about(UnitCall *call, const char *method, bool job, Pid1Done on_reply);
int unit_call_ask_to_start(UnitCall *call, const UnitSpec *spec, Pid1Done on_reply);
/* SetUnitProperties of the limits of the call. */
int unit_call_ask_for_limits(UnitCall *call, Pid1Done on_reply);
/* PID 1 refuses to start the unit because it has one of that name. */
bool unit_call_says_exists(sd_bus_message *reply);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Shared by units.c (what is) and unit-call.c, unit-end.c and unit-list.c (what is asked for); nobody else
 * includes it. */

#include <systemd/sd-event.h>

#include "systemd/pid1.h"
#include "systemd/unit-spec.h"
#include "systemd/units.h"

struct Units {
        Pid1 pid1;
        void *units_by_path;
        LIST_HEAD(struct Unit, all);
        sd_bus_slot *matches[5];
        sd_event_source *retry;
        struct Unit *telling; /* whose watches are being told, and which is next */
        UnitWatch *telling_next;
};

/* Read the unit, or all, again if somebody watches. */
void units_read(Units *units, const char *name);
void units_read_all(Units *units);

/* One thing asked of PID 1 for one unit. */
struct UnitCall {
        Units *units;
        char *name;
        Pid1Call *pending;
        UnitWatch *watch;
        UnitCallDone done;
        UnitsListed listed;
        void *userdata;
        bool asked;   /* units_remove(): PID 1 has taken the last request */
        bool kill;    /* units_remove(): as soon as it is being stopped */
        bool cleaned; /* units_clean(): the directories are gone */
};

int unit_call_new(Units *units, const char *name, UnitCallDone done, void *userdata, UnitCall **ret);
/* Frees the call and tells its end. */
void unit_call_finish(UnitCall *call, int error, const char *sentence);
void unit_call_finish_with_error(UnitCall *call, sd_bus_message *reply);
/* Sends `message` for the call. */
int unit_call_ask(UnitCall *call, sd_bus_message *message, Pid1Done on_reply);
/* A Manager method with the unit's name and, for those that make a job, its mode. */
int unit_call_ask_about(UnitCall *call, const char *method, bool job, Pid1Done on_reply);
int unit_call_ask_to_start(UnitCall *call, const UnitSpec *spec, Pid1Done on_reply);

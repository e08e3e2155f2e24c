/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Shared by units.c (what is) and unit-call.c (what is asked for); nobody else includes it. */

#include <systemd/sd-event.h>

#include "systemd/pid1.h"
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

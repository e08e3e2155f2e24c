/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* deployd's own deadline for a start and for an end. PID 1 has the same one, but a program that may speak to
 * it (NotifyAccess=) moves PID 1's on for ever by EXTEND_TIMEOUT_USEC=. A unit of ours that is late is
 * killed with all its processes, whether deployd, PID 1 or an administrator has asked for the start or the
 * end. Internal to systemd/. */

#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "systemd/unit-state.h"

/* PID 1 gets this much longer than the unit's timeout to keep it by itself. */
#define UNIT_LATE_GRACE_USEC (5 * USEC_PER_SEC)

typedef struct UnitLate UnitLate;

/* The unit is late, or still is after a pause: its processes are to be killed. */
typedef void (*UnitIsLate)(void *userdata);

/* Of the unit with that name, which is borrowed. 0 or -ENOMEM. */
int unit_late_new(sd_event *event, const char *name, UnitIsLate is_late, void *userdata, UnitLate **ret);
UnitLate *unit_late_free(UnitLate *late);
DEFINE_CLEANUP(UnitLate *, unit_late_free);

/* The unit was read: sets or stops the timer. True if it is late: it has been in this one step of its start
 * or its end (SubState) for its timeout and the grace. */
bool unit_late_look(UnitLate *late, const UnitState *state);

/* How long the unit may be in its present state; USEC_INFINITY: for ever. */
uint64_t unit_late_limit(const UnitState *state);

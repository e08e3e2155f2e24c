/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whether a unit with a name of ours is ours. Anybody with the right to it can start one of that name
 * (systemd-run --unit=) or install a file for it: such a unit is not adopted, not stopped and not killed. */

#include "systemd/unit-state.h"

/* A transient unit in the slice that units of that name are in; an app's is of a user of ours besides. True
 * for a unit that is not loaded. */
bool unit_is_own(const char *name, const UnitState *state);

/* One sentence about a unit that is not: what it is, and what to type. Caller frees; NULL when out of
 * memory. */
char *unit_describe_stranger(const char *name, const UnitState *state);

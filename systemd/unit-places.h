/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a unit sees of the machine's files, besides the rows of its sandbox. */

#include "systemd/sandbox.h"
#include "systemd/unit-spec.h"

/* Appends its binds, its file systems in memory, and where it may run programs. 0 or more; -EINVAL for a
 * path that is not allowed; -ENOMEM or another error of sd-bus. */
int unit_places_append(sd_bus_message *message, const UnitSpec *spec, const Sandbox *sandbox);

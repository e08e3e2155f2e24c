/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Calls that had to wait until it was known who calls: sd-bus cannot be given a message once more, so they
 * are taken to their objects here. Only what takes work is worth that; sd-bus answers the rest at once,
 * which is errors, introspection and pings. */

#include "dbus/bus-private.h"

/* Whether the call is one of those. */
bool bus_late_can(sd_bus_message *message);

/* Runs it. Negative with *reterr filled when its answer is an error. */
int bus_late_run(Bus *bus, sd_bus_message *message, sd_bus_error *reterr);

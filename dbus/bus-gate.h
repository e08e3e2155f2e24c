/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Until the database is reached, migrated and read, every call is answered with DatabaseUnavailable and the
 * sentence of the status line, but for those that help to see why. */

#include "dbus/bus-private.h"

int bus_gate_register(Bus *bus);

/* The filter of that, for a call that has waited: 0 if the call may pass, negative with *reterr filled. */
int bus_gate_filter(sd_bus_message *message, void *userdata, sd_bus_error *reterr);

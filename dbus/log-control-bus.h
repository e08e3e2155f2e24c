/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "dbus/bus-private.h"

/* Takes the writes to LogControl1: whether the caller may is known only after the bus was asked, for which a
 * vtable cannot wait. */
int log_control_bus_register(Bus *bus);

/* The same in two steps, for a call that has waited. */
bool log_control_bus_is_change(sd_bus_message *message);
int log_control_bus_take(Bus *bus, sd_bus_message *message, sd_bus_error *reterr);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "dbus/bus-private.h"

/* Takes the writes to LogControl1: whether the caller may is known only after the bus was asked, for which a
 * vtable cannot wait. */
int log_control_bus_register(Bus *bus);

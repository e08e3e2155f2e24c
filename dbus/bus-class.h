/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An interface on the bus, whatever objects have it. */

#include "dbus/bus-caller.h"

/* Registers the vtable of a class, without any object. 0 or -errno. */
int bus_class_register(Bus *bus, const BusClass *class);
const BusMethod *bus_class_find_method(const BusClass *class, const char *member);

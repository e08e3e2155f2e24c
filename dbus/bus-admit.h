/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The first thing that happens to a call: is it known who calls, and does he ask for more than he may?
 * Before that nothing is looked at, asked or made for it. */

#include "dbus/bus-private.h"

int bus_admit_register(Bus *bus);
void bus_admit_unregister(Bus *bus);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What calls of the Manager are about, by their arguments, which are checked before polkit or a person sees
 * them. Each as BusMethod.about. */

#include "dbus/bus-caller.h"

int about_bus_new_repository(BusCall *call, void *noun, BusRight *right, sd_bus_error *reterr);
int about_bus_new_app(BusCall *call, void *noun, BusRight *right, sd_bus_error *reterr);
/* The app whose name is the first argument. */
int about_bus_named_app(BusCall *call, void *noun, BusRight *right, sd_bus_error *reterr);
/* The app of the deployment whose id is the first argument. */
int about_bus_log(BusCall *call, void *noun, BusRight *right, sd_bus_error *reterr);

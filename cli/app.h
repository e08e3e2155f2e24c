/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "base/macro.h"

/* Prints all apps, as `app list` and `status` do. An exit status. */
int apps_print(sd_bus *bus, bool json);

/* Calls a method of the app `name` with arguments as in sd_bus_message_append(). An exit status. */
int app_call(const char *name, const char *method, const char *types, ...);

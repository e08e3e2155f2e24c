/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "base/macro.h"

/* The parameters of a reader of a property (sd_bus_property_get_t): it appends the value of `userdata`, the
 * object, to `reply`, and returns 0 or a negative errno. */
#define BUS_GETTER                                                                              \
        _unused_ sd_bus *connection, _unused_ const char *path, _unused_ const char *interface, \
                _unused_ const char *property, sd_bus_message *reply, _unused_ void *userdata,  \
                _unused_ sd_bus_error *reterr

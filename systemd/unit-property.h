/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Properties of a transient unit, appended to its message. Texts are checked (unit-text.h). Each function
 * returns 0 or more, -EINVAL for a text that is not allowed, or an error of sd-bus. */

#include <systemd/sd-bus.h>

#include "base/macro.h"

int unit_property_check(const char *text);
/* NULL appends nothing; a list has one value. */
int unit_property_append_string(sd_bus_message *message, const char *property, const char *value);
int unit_property_append_list(sd_bus_message *message, const char *property, const char *value);
/* 0 appends nothing. */
int unit_property_append_number(sd_bus_message *message, const char *property, uint64_t value);
/* A negative descriptor appends nothing. */
int unit_property_append_descriptor(sd_bus_message *message, const char *property, int fd);

/* One property of several values: `(sv)` opened up to the array of type `contents`. */
int unit_property_open_array(sd_bus_message *message, const char *property, const char *contents);
int unit_property_close_array(sd_bus_message *message);

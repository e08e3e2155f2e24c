/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The settings of an app as callers send them: CreateApp's options and SetProperties. */

#include "daemon/model/app.h"
#include "dbus/bus-private.h"

/* Reads the a{sv} where the message stands into `settings`, leaving what it does not name as it is. With
 * `is_new`, keys that only CreateApp has are known, too. 0, or negative with *reterr filled; `settings` are
 * the caller's to clear in any case. */
int settings_bus_read(const Bus *bus, sd_bus_message *message, bool is_new, AppSettings *settings,
                      sd_bus_error *reterr);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The settings of an app, as options of CreateApp and SetProperties. */

#include "daemon/model/app.h"
#include "dbus/bus-private.h"

/* What CreateApp takes besides a name and a repository. */
typedef struct NewApp {
        AppSettings settings;
        char *data; /* the removed app whose data it takes over, by name or number; NULL = none */
} NewApp;

void settings_bus_done_new(NewApp *app);

/* Reads the a{sv} where the message stands into what is there: what is not named stays as it is. */
int settings_bus_read(const Bus *bus, sd_bus_message *message, AppSettings *settings, sd_bus_error *reterr);
int settings_bus_read_new(const Bus *bus, sd_bus_message *message, NewApp *app, sd_bus_error *reterr);

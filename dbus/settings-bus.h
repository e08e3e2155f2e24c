/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Settings by their tables: those of an app as options of CreateApp and SetProperties, and those of apps and
 * repositories as properties. */

#include "daemon/model/app.h"
#include "daemon/model/setting.h"
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

/* Rows that a vtable can have. */
#define SETTINGS_VTABLE_MAX 64

/* The parts of a vtable with settings in it. */
typedef struct SettingsVtable {
        const sd_bus_vtable *before;
        size_t n_before;
        const SettingTable *settings;
        size_t offset;                       /* of the object that has them, in the noun */
        sd_bus_property_get_t get_formation; /* of a formation: what is in force; NULL = there is none */
        const sd_bus_vtable *after;
        size_t n_after;
} SettingsVtable;

/* Joins them into `ret`, which has room for SETTINGS_VTABLE_MAX. */
void settings_bus_fill(const SettingsVtable *parts, sd_bus_vtable *ret);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/table.h"
#include "daemon/model/setting.h"

/* What all verbs that list or show do: ask deployd, print what it answers. Exit statuses, as in bus.h. */

typedef struct Listing {
        const char *method;   /* of the Manager; its reply is an array of structs */
        const char *contents; /* the types in one struct, one column each */
        const char *name;     /* the list's key in JSON */
        const Column *columns;
        size_t n_columns;
        const char *empty; /* said instead of a table without lines */
} Listing;

/* Calls the method with arguments as in sd_bus_message_append(). */
int listing_print(sd_bus *bus, const Listing *listing, bool json, const char *types, ...);

/* Columns of an object that are settings: one that has its place here, and all others. */
#define COLUMN_OF_SETTING(property)             \
        {                                       \
                NULL, NULL, property, CELL_TEXT \
        }
#define COLUMNS_OF_SETTINGS                 \
        {                                   \
                NULL, NULL, NULL, CELL_TEXT \
        }

typedef struct Kind {
        const char *method; /* of the Manager; finds an object by its name */
        const char *interface;
        const char *name; /* in JSON */
        const Column *columns;
        size_t n_columns;             /* COLUMNS_MAX at most, with its settings */
        const SettingTable *settings; /* NULL = it has none */
} Kind;

#define COLUMNS_MAX 64

/* All properties of the object `name`. */
int object_print(const Kind *kind, const char *name, bool json);

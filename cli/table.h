/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "cli/cell.h"

/* Tables and JSON, by libsmartcols. */

typedef struct Column {
        const char *title;    /* for people; NULL = in JSON only */
        const char *key;      /* in JSON; lower case */
        const char *property; /* on D-Bus, for record_print() */
        CellType type;
} Column;

typedef struct Table Table;

/* `name` is the key of the list in JSON. `columns` must live as long as the table. 0 or -ENOMEM. */
int table_new(Table **ret, const char *name, const Column *columns, size_t n_columns, bool json);
Table *table_free(Table *table);

/* Adds a line, which the table_set functions then fill. 0 or -ENOMEM. */
int table_add_line(Table *table);
int table_set_text(Table *table, size_t column, const char *text);
int table_set_flag(Table *table, size_t column, bool flag);
int table_set_number(Table *table, size_t column, uint64_t number);

/* Fills the whole line from a message: its next values, one for each column. 0 or -errno. */
int table_set_message(Table *table, sd_bus_message *message);

/* Prints it. `empty` is said instead of a table without a line (not in JSON). 0 or -errno. */
int table_print(Table *table, const char *empty);

/* Prints the properties of one object, an a{sv}, as `Title: value` lines or as JSON, in the order of
 * `columns`; those the object does not have are left out. 0 or -errno. */
int record_print(sd_bus_message *message, const char *name, const Column *columns, size_t n_columns,
                 bool json);

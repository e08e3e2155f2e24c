/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "base/macro.h"

/* One value of a table: what its column holds decides how it is shown to people and in JSON, where times are
 * microseconds, sizes bytes, and nothing is rounded. */

typedef enum CellType {
        CELL_TEXT,
        CELL_LONG_TEXT, /* cut or wrapped first when a terminal is narrow */
        CELL_REVISION,  /* people see the first 12 digits */
        CELL_NUMBER,
        CELL_PORT, /* 0 = none */
        CELL_TIME,
        CELL_DURATION, /* these four: 0 = the configured default */
        CELL_SIZE,
        CELL_COUNT,
        CELL_SHARE,
        CELL_FLAG,
        CELL_LIST,
        CELL_HIDDEN, /* read and not shown */
} CellType;

bool cell_is_number(CellType type);

/* New strings, the caller frees; NULL when out of memory. `record`: there is room for more than in a table.
 */
char *cell_render_text(CellType type, const char *text, bool json);
char *cell_render_flag(bool flag, bool json);
char *cell_render_number(CellType type, uint64_t number, bool json, bool record);

/* The next value of the message, of whatever type, into a new string. A list has one item a line. 0 or
 * -errno, -EBADMSG for a type no property has. */
int cell_read(sd_bus_message *message, CellType type, bool json, bool record, char **ret);

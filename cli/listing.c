/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/listing.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"
#include "cli/bus.h"
#include "cli/verb.h"

DEFINE_CLEANUP(Table *, table_free);

static int listing_read(const Listing *listing, sd_bus_message *reply, Table *table)
{
        _cleanup_free_ char *element = text_format("(%s)", listing->contents);
        int r = element ? sd_bus_message_enter_container(reply, 'a', element) : -ENOMEM;

        while (r >= 0) {
                r = sd_bus_message_enter_container(reply, 'r', listing->contents);
                if (r <= 0)
                        return r;
                r = table_add_line(table);
                if (r >= 0)
                        r = table_set_message(table, reply);
                if (r >= 0)
                        r = sd_bus_message_exit_container(reply);
        }
        return r;
}

int listing_print(sd_bus *bus, const Listing *listing, bool json, const char *types, ...)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
        _cleanup_(table_freep) Table *table = NULL;
        va_list arguments;
        int r = sd_bus_message_new_method_call(bus, &call, BUS_NAME, BUS_PATH, BUS_INTERFACE_MANAGER,
                                               listing->method);

        if (r >= 0) {
                va_start(arguments, types);
                r = sd_bus_message_appendv(call, types, arguments);
                va_end(arguments);
        }
        if (r < 0)
                return bus_report(NULL, r);
        r = bus_send(bus, CALL_TIMEOUT, call, &reply);
        if (r != EXIT_DONE)
                return r;

        r = table_new(&table, listing->name, listing->columns, listing->n_columns, json);
        if (r >= 0)
                r = listing_read(listing, reply, table);
        if (r >= 0)
                r = table_print(table, listing->empty);
        return r < 0 ? bus_report(NULL, r) : EXIT_DONE;
}

static const CellType cells[SETTING_TYPE_MAX] = {
        [SETTING_TEXT] = CELL_TEXT,         [SETTING_REVISION] = CELL_TEXT, [SETTING_URL] = CELL_TEXT,
        [SETTING_DURATION] = CELL_DURATION, [SETTING_SIZE] = CELL_SIZE,     [SETTING_COUNT] = CELL_COUNT,
        [SETTING_NUMBER] = CELL_COUNT,      [SETTING_SHARE] = CELL_SHARE,   [SETTING_FORMATION] = CELL_LIST,
};

static bool kind_places(const Kind *kind, const Setting *setting)
{
        for (size_t i = 0; i < kind->n_columns; i++)
                if (!kind->columns[i].key && kind->columns[i].property &&
                    strcmp(kind->columns[i].property, setting->property) == 0)
                        return true;
        return false;
}

/* The columns of the kind with its settings in their places. How many there are. */
static size_t kind_columns(const Kind *kind, Column *ret)
{
        size_t n = 0;

        for (size_t i = 0; i < kind->n_columns; i++) {
                const Column *column = &kind->columns[i];

                if (column->key) {
                        assert(n < COLUMNS_MAX);
                        ret[n++] = *column;
                        continue;
                }
                for (size_t j = 0; j < kind->settings->n; j++) {
                        const Setting *setting = &kind->settings->rows[j];
                        bool here = column->property ? strcmp(column->property, setting->property) == 0
                                                     : setting->title && !kind_places(kind, setting);

                        assert(n < COLUMNS_MAX);
                        if (here)
                                ret[n++] = (Column){ setting->title, setting->key, setting->property,
                                                     cells[setting->type] };
                }
        }
        return n;
}

int object_print(const Kind *kind, const char *name, bool json)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *properties = NULL;
        _cleanup_free_ char *path = NULL;
        Column columns[COLUMNS_MAX];
        size_t n_columns;
        int r = bus_open(&bus);

        if (r == EXIT_DONE)
                r = bus_find(bus, kind->method, name, &path);
        if (r == EXIT_DONE)
                r = bus_get_properties(bus, path, kind->interface, &properties);
        if (r != EXIT_DONE)
                return r;
        n_columns = kind_columns(kind, columns);
        r = record_print(properties, kind->name, columns, n_columns, json);
        return r < 0 ? bus_report(NULL, r) : EXIT_DONE;
}

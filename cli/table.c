/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/table.h"

#include <errno.h>
#include <inttypes.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/bus.h"

/* How narrow a column of long text may get, as a share of the terminal (libsmartcols' width hint). */
#define LONG_TEXT_SHARE 0.1

struct Table {
        struct libscols_table *table;
        struct libscols_line *line;
        const Column *columns;
        size_t n_columns;
        bool json;
};

DEFINE_CLEANUP(Table *, table_free);
DEFINE_CLEANUP(struct libscols_table *, scols_unref_table);

/* What gives way first when a terminal is narrow, and how. */
static int column_flags(const Column *column, bool json)
{
        if (column->type == CELL_HIDDEN || (!json && !column->title))
                return SCOLS_FL_HIDDEN;
        if (column->type == CELL_LONG_TEXT || column->type == CELL_LIST)
                return SCOLS_FL_WRAP;
        if (column->type == CELL_REVISION || column->type == CELL_TIME)
                return SCOLS_FL_TRUNC;
        return cell_is_number(column->type) ? SCOLS_FL_RIGHT : 0;
}

static int column_new(struct libscols_table *table, const Column *column, bool json)
{
        int flags = column_flags(column, json);
        struct libscols_column *made;

        made = scols_table_new_column(table, json || !column->title ? column->key : column->title,
                                      column->type == CELL_LONG_TEXT ? LONG_TEXT_SHARE : 0, flags);
        if (!made)
                return -ENOMEM;
        if (cell_is_number(column->type))
                return scols_column_set_json_type(made, SCOLS_JSON_NUMBER);
        if (column->type == CELL_FLAG)
                return scols_column_set_json_type(made, SCOLS_JSON_BOOLEAN);
        if (column->type != CELL_LIST)
                return 0;
        if (scols_column_set_safechars(made, "\n") < 0 ||
            scols_column_set_wrapfunc(made, scols_wrapnl_chunksize, scols_wrapnl_nextchunk, NULL) < 0)
                return -ENOMEM;
        return scols_column_set_json_type(made, SCOLS_JSON_ARRAY_STRING);
}

static int table_make(struct libscols_table **ret, const char *name, bool json)
{
        _cleanup_(scols_unref_tablep) struct libscols_table *table = scols_new_table();

        if (!table || scols_table_set_name(table, name) < 0 || scols_table_enable_json(table, json) < 0)
                return -ENOMEM;
        *ret = TAKE_PTR(table);
        return 0;
}

int table_new(Table **ret, const char *name, const Column *columns, size_t n_columns, bool json)
{
        _cleanup_(table_freep) Table *table = calloc(1, sizeof(*table));
        int r;

        if (!table)
                return -ENOMEM;
        *table = (Table){ .columns = columns, .n_columns = n_columns, .json = json };
        r = table_make(&table->table, name, json);
        for (size_t i = 0; r >= 0 && i < n_columns; i++)
                r = column_new(table->table, &columns[i], json);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(table);
        return 0;
}

Table *table_free(Table *table)
{
        if (table && table->table)
                scols_unref_table(table->table);
        free(table);
        return NULL;
}

int table_add_line(Table *table)
{
        table->line = scols_table_new_line(table->table, NULL);
        return table->line ? 0 : -ENOMEM;
}

int table_set_text(Table *table, size_t column, const char *text)
{
        char *shown = cell_render_text(table->columns[column].type, text, table->json);

        return shown ? scols_line_refer_data(table->line, column, shown) : -ENOMEM;
}

int table_set_flag(Table *table, size_t column, bool flag)
{
        char *shown = cell_render_flag(flag, table->json);

        return shown ? scols_line_refer_data(table->line, column, shown) : -ENOMEM;
}

int table_set_number(Table *table, size_t column, uint64_t number)
{
        char *shown = cell_render_number(table->columns[column].type, number, table->json, false);

        return shown ? scols_line_refer_data(table->line, column, shown) : -ENOMEM;
}

int table_set_message(Table *table, sd_bus_message *message)
{
        for (size_t i = 0; i < table->n_columns; i++) {
                char *shown = NULL;
                int r = cell_read(message, table->columns[i].type, table->json, false, &shown);

                if (r >= 0)
                        r = scols_line_refer_data(table->line, i, shown);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* What cannot be written is said once, at the end of main(), so it is no error here. */
static int scols_print(struct libscols_table *table, bool json)
{
        int r = scols_print_table(table);

        if (json)
                printf("\n");
        return ferror(stdout) ? 0 : r;
}

int table_print(Table *table, const char *empty)
{
        if (scols_table_is_empty(table->table) && !table->json) {
                printf("%s\n", empty);
                return 0;
        }
        return scols_print(table->table, table->json);
}

/* Which columns the object has is known only when all was read, so the values wait here. */
typedef struct Record {
        const Column *columns;
        size_t n_columns;
        bool json;
        char **values;
} Record;

static int record_read(sd_bus_message *message, const char *name, const char *contents _unused_,
                       void *userdata)
{
        const Record *record = userdata;

        for (size_t i = 0; i < record->n_columns; i++)
                if (strcmp(record->columns[i].property, name) == 0 && !record->values[i]) {
                        int r = cell_read(message, record->columns[i].type, record->json, true,
                                          &record->values[i]);

                        return r < 0 ? r : 1;
                }
        return 0;
}

static int record_print_json(const char *name, const Column *columns, size_t n_columns, char **values)
{
        _cleanup_(scols_unref_tablep) struct libscols_table *table = NULL;
        struct libscols_line *line;
        int r = table_make(&table, name, true);
        size_t at = 0;

        for (size_t i = 0; r >= 0 && i < n_columns; i++) {
                Column column = columns[i];

                if (!values[i])
                        continue;
                /* libsmartcols writes an array without items as [null]; a number is written as it stands. */
                if (column.type == CELL_LIST && values[i][0] == '\0')
                        column.type = CELL_NUMBER;
                r = column_new(table, &column, true);
        }
        line = r >= 0 ? scols_table_new_line(table, NULL) : NULL;
        if (!line)
                return -ENOMEM;
        for (size_t i = 0; r >= 0 && i < n_columns; i++)
                if (values[i])
                        r = scols_line_set_data(line, at++,
                                                columns[i].type == CELL_LIST && !values[i][0] ? "[]"
                                                                                              : values[i]);
        return r < 0 ? r : scols_print(table, true);
}

static int record_print_text(const Column *columns, size_t n_columns, char **values)
{
        static const Column pair[] = {
                { "title", "title", NULL, CELL_TEXT },
                { "value", "value", NULL, CELL_LIST },
        };
        _cleanup_(table_freep) Table *table = NULL;
        int r = table_new(&table, "record", pair, ELEMENTSOF(pair), false);

        if (r >= 0)
                r = scols_table_enable_noheadings(table->table, true);
        for (size_t i = 0; r >= 0 && i < n_columns; i++) {
                _cleanup_free_ char *title = NULL;

                if (!values[i] || !columns[i].title)
                        continue;
                title = text_format("%s:", columns[i].title);
                if (!title)
                        return -ENOMEM;
                r = table_add_line(table);
                if (r >= 0)
                        r = table_set_text(table, 0, title);
                if (r >= 0)
                        r = table_set_text(table, 1, values[i][0] ? values[i] : "-");
        }
        return r < 0 ? r : table_print(table, "");
}

int record_print(sd_bus_message *message, const char *name, const Column *columns, size_t n_columns,
                 bool json)
{
        _cleanup_free_ char **values = calloc(n_columns, sizeof(*values));
        Record record = { columns, n_columns, json, values };
        int r;

        if (!values)
                return -ENOMEM;
        r = bus_each_property(message, record_read, &record);
        if (r >= 0)
                r = json ? record_print_json(name, columns, n_columns, values)
                         : record_print_text(columns, n_columns, values);
        for (size_t i = 0; i < n_columns; i++)
                free(values[i]);
        return r;
}

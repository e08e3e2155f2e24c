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
#include "cli/format.h"

enum {
        REVISION_SHOWN = 12, /* digits, as in the name of a release */
};

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

static bool cell_is_number(CellType type)
{
        return type >= CELL_NUMBER && type <= CELL_SHARE;
}

/* A number as people see it. `record`: there is room for more than in a table. */
static char *number_format(CellType type, uint64_t number, bool record)
{
        if (type == CELL_TIME)
                return record ? format_time_long(number) : format_time_short(number);
        if (type == CELL_PORT && number == 0)
                return strdup("-");
        if (type >= CELL_DURATION && type <= CELL_SHARE && number == 0)
                return strdup("default");
        switch (type) {
        case CELL_DURATION:
                return format_duration(number);
        case CELL_SIZE:
                return format_size(number);
        case CELL_SHARE:
                return format_share(number);
        default:
                return text_format("%" PRIu64, number);
        }
}

static char *text_render(CellType type, const char *text, bool json)
{
        if (type == CELL_REVISION && !json)
                return strndup(text, REVISION_SHOWN);
        return strdup(text);
}

static char *number_render(CellType type, uint64_t number, bool json, bool record)
{
        return json ? text_format("%" PRIu64, number) : number_format(type, number, record);
}

/* The name at the end of an object's path; nothing for "/", which stands for no object. */
static char *path_render(const char *path)
{
        const char *last = strrchr(path, '/');
        _cleanup_free_ char *prefix = strndup(path, (size_t) (last - path));
        char *name = NULL;

        if (last[1] == '\0')
                return strdup("");
        /* What deployd did not make is shown as it is. */
        return prefix && sd_bus_path_decode(path, prefix, &name) > 0 ? name : strdup(path);
}

/* One item a line; libsmartcols makes a JSON array of it. */
static int list_read(sd_bus_message *message, const char *contents, char **ret)
{
        _cleanup_free_ char *list = strdup("");
        int r = sd_bus_message_enter_container(message, 'a', contents);

        while (r >= 0) {
                _cleanup_free_ char *item = NULL;
                const char *text;
                uint32_t number;
                char *longer;

                if (contents[0] == '{')
                        r = sd_bus_message_read(message, "{su}", &text, &number);
                else
                        r = sd_bus_message_read_basic(message, contents[0], &text);
                if (r <= 0)
                        break;
                item = contents[0] == '{'   ? text_format("%s=%" PRIu32, text, number)
                       : contents[0] == 'o' ? path_render(text)
                                            : strdup(text);
                longer = list && item ? text_format("%s%s%s", list, list[0] ? "\n" : "", item) : NULL;
                if (!longer)
                        return -ENOMEM;
                free(list);
                list = longer;
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(message);
        if (r >= 0)
                *ret = TAKE_PTR(list);
        return r;
}

/* The next value of the message, of whatever type, as a column of `type` shows it. */
static int value_read(sd_bus_message *message, CellType type, bool json, bool record, char **ret)
{
        const char *contents, *text;
        uint16_t low, high;
        uint64_t number = 0;
        uint32_t half;
        double fraction;
        char kind;
        int flag, r;

        r = sd_bus_message_peek_type(message, &kind, &contents);
        if (r < 0)
                return r;
        switch (kind) {
        case 's':
        case 'o':
                r = sd_bus_message_read_basic(message, kind, &text);
                if (r >= 0)
                        *ret = kind == 'o' ? path_render(text) : text_render(type, text, json);
                break;
        case 'q':
                r = sd_bus_message_read(message, "q", &low);
                number = low;
                break;
        case 'u':
                r = sd_bus_message_read(message, "u", &half);
                number = half;
                break;
        case 't':
                r = sd_bus_message_read(message, "t", &number);
                break;
        case 'b':
                r = sd_bus_message_read(message, "b", &flag);
                if (r >= 0)
                        *ret = strdup(json ? (flag ? "true" : "false") : (flag ? "yes" : "no"));
                break;
        case 'd':
                r = sd_bus_message_read(message, "d", &fraction);
                if (r >= 0)
                        *ret = text_format("%g", fraction);
                break;
        case 'r':
                r = sd_bus_message_read(message, "(qq)", &low, &high);
                if (r >= 0)
                        *ret = text_format("%" PRIu16 "-%" PRIu16, low, high);
                break;
        case 'a':
                r = list_read(message, contents, ret);
                break;
        default:
                return -EBADMSG;
        }
        if (r >= 0 && (kind == 'q' || kind == 'u' || kind == 't'))
                *ret = number_render(type, number, json, record);
        if (r >= 0 && !*ret)
                return -ENOMEM;
        return r < 0 ? r : 0;
}

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
        char *shown = text_render(table->columns[column].type, text, table->json);

        return shown ? scols_line_refer_data(table->line, column, shown) : -ENOMEM;
}

int table_set_number(Table *table, size_t column, uint64_t number)
{
        char *shown = number_render(table->columns[column].type, number, table->json, false);

        return shown ? scols_line_refer_data(table->line, column, shown) : -ENOMEM;
}

int table_set_message(Table *table, sd_bus_message *message)
{
        for (size_t i = 0; i < table->n_columns; i++) {
                char *shown = NULL;
                int r = value_read(message, table->columns[i].type, table->json, false, &shown);

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
                        int r = value_read(message, record->columns[i].type, record->json, true,
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
                _cleanup_free_ char *title = text_format("%s:", columns[i].title);

                if (!values[i])
                        continue;
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

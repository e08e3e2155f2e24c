/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/cell.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/format.h"

enum {
        REVISION_SHOWN = 12, /* digits, as in the name of a release */
};

bool cell_is_number(CellType type)
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

char *cell_render_text(CellType type, const char *text, bool json)
{
        if (type == CELL_REVISION && !json)
                return strndup(text, REVISION_SHOWN);
        return strdup(text);
}

/* libsmartcols takes the first character: whatever is not 0 or n is true. */
char *cell_render_flag(bool flag, bool json)
{
        return strdup(json ? (flag ? "1" : "0") : (flag ? "yes" : "no"));
}

char *cell_render_number(CellType type, uint64_t number, bool json, bool record)
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
static int cell_list_read(sd_bus_message *message, const char *contents, char **ret)
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

int cell_read(sd_bus_message *message, CellType type, bool json, bool record, char **ret)
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
                        *ret = kind == 'o' ? path_render(text) : cell_render_text(type, text, json);
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
                        *ret = cell_render_flag(flag, json);
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
                r = cell_list_read(message, contents, ret);
                break;
        default:
                return -EBADMSG;
        }
        if (r >= 0 && (kind == 'q' || kind == 'u' || kind == 't'))
                *ret = cell_render_number(type, number, json, record);
        if (r >= 0 && !*ret)
                return -ENOMEM;
        return r < 0 ? r : 0;
}

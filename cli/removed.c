/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/removed.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"
#include "cli/bus.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "cli/verb.h"

enum {
        NAMES_MAX = 16 * 1024, /* of all texts of a user's entry */
};

DEFINE_CLEANUP(Table *, table_free);

static const Field fields[] = {
        { "Id", 't', offsetof(RemovedApp, id) },
        { "Name", 's', offsetof(RemovedApp, name) },
        { "RemovedAt", 't', offsetof(RemovedApp, removed_at) },
        { "KeptUntil", 't', offsetof(RemovedApp, kept_until) },
        { "DataPath", 's', offsetof(RemovedApp, data_path) },
        { "RemovedBy", 'u', offsetof(RemovedApp, removed_by) },
};

static int removed_apps_add(RemovedApps *removed, sd_bus_message *reply)
{
        RemovedApp *items = reallocarray(removed->items, removed->n + 1, sizeof(*items));

        if (!items)
                return -ENOMEM;
        removed->items = items;
        items[removed->n] = (RemovedApp){ .removed_by = UINT32_MAX };
        return bus_read_properties(reply, fields, ELEMENTSOF(fields), &items[removed->n++]);
}

int removed_apps_read(sd_bus *bus, RemovedApps *ret)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r = bus_call(bus, CALL_TIMEOUT, BUS_PATH, BUS_INTERFACE_MANAGER, "ListRemovedApps", &reply, "");

        if (r != EXIT_DONE)
                return r;
        r = sd_bus_message_enter_container(reply, 'a', "a{sv}");
        while (r >= 0 && (r = sd_bus_message_at_end(reply, /* complete= */ false)) == 0)
                r = removed_apps_add(ret, reply);
        return r < 0 ? bus_report(NULL, r) : EXIT_DONE;
}

void removed_apps_clear(RemovedApps *removed)
{
        for (size_t i = 0; i < removed->n; i++) {
                free(removed->items[i].name);
                free(removed->items[i].data_path);
        }
        free(removed->items);
        *removed = (RemovedApps){ 0 };
}

const RemovedApp *removed_apps_find(const RemovedApps *removed, uint64_t id)
{
        for (size_t i = 0; i < removed->n; i++)
                if (removed->items[i].id == id)
                        return &removed->items[i];
        return NULL;
}

static const Column columns[] = {
        { "NAME", "name", NULL, CELL_TEXT },
        { "NUMBER", "id", NULL, CELL_NUMBER },
        { "REMOVED", "removed", NULL, CELL_TIME },
        { "BY", "by", NULL, CELL_TEXT },
        { "KEPT UNTIL", "kept_until", NULL, CELL_TIME },
        { "DATA", "data", NULL, CELL_TEXT },
};

/* The user's name, or the number of a user that is not there any more. */
static char *user_render(uint32_t user, bool json)
{
        char buffer[NAMES_MAX];
        struct passwd entry, *found = NULL;

        if (user == UINT32_MAX)
                return strdup(json ? "" : "-");
        if (getpwuid_r(user, &entry, buffer, sizeof(buffer), &found) != 0 || !found)
                return text_format("%" PRIu32, user);
        return strdup(found->pw_name);
}

static void cells_clear(char *(*cells)[ELEMENTSOF(columns)])
{
        for (size_t i = 0; i < ELEMENTSOF(columns); i++)
                free((*cells)[i]);
}

/* New strings, one for each column. 0 or -ENOMEM. */
static int removed_app_render(const RemovedApp *app, bool json, char *cells[ELEMENTSOF(columns)])
{
        cells[0] = strdup(text_or_empty(app->name));
        cells[1] = cell_render_number(columns[1].type, app->id, json, false);
        cells[2] = cell_render_number(columns[2].type, app->removed_at, json, false);
        cells[3] = user_render(app->removed_by, json);
        cells[4] = cell_render_number(columns[4].type, app->kept_until, json, false);
        cells[5] = strdup(text_or_empty(app->data_path));
        for (size_t i = 0; i < ELEMENTSOF(columns); i++)
                if (!cells[i])
                        return -ENOMEM;
        return 0;
}

/* How wide the table is with all of its columns; all texts in it are ASCII. 0 or -ENOMEM. */
static int removed_apps_measure(const RemovedApps *removed, size_t *ret)
{
        size_t widths[ELEMENTSOF(columns)];

        for (size_t i = 0; i < ELEMENTSOF(columns); i++)
                widths[i] = strlen(columns[i].title);
        for (size_t line = 0; line < removed->n; line++) {
                _cleanup_(cells_clear) char *cells[ELEMENTSOF(columns)] = { 0 };
                int r = removed_app_render(&removed->items[line], false, cells);

                if (r < 0)
                        return r;
                for (size_t i = 0; i < ELEMENTSOF(columns); i++)
                        widths[i] = MAX2(widths[i], strlen(cells[i]));
        }
        *ret = ELEMENTSOF(columns) - 1; /* the blanks between them */
        for (size_t i = 0; i < ELEMENTSOF(columns); i++)
                *ret += widths[i];
        return 0;
}

int removed_apps_print(const RemovedApps *removed, bool json)
{
        Column shown[ELEMENTSOF(columns)];
        _cleanup_(table_freep) Table *table = NULL;
        size_t width = 0;
        int r = json ? 0 : removed_apps_measure(removed, &width);

        memcpy(shown, columns, sizeof(columns));
        if (width > terminal_width())
                shown[ELEMENTSOF(columns) - 1].title = NULL;
        if (r >= 0)
                r = table_new(&table, "apps", shown, ELEMENTSOF(columns), json);
        for (size_t line = 0; r >= 0 && line < removed->n; line++) {
                _cleanup_(cells_clear) char *cells[ELEMENTSOF(columns)] = { 0 };

                r = removed_app_render(&removed->items[line], json, cells);
                if (r >= 0)
                        r = table_add_line(table);
                for (size_t i = 0; r >= 0 && i < ELEMENTSOF(columns); i++)
                        r = table_set_text(table, i, cells[i]);
        }
        return r < 0 ? r : table_print(table, "no app was removed whose data is still kept");
}

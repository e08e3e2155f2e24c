/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The formation of an app: how many instances of each process there are, and another number of them. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"
#include "cli/app.h"
#include "cli/bus.h"
#include "cli/table.h"
#include "cli/verb.h"

/* The argument that takes a formation back. */
#define WORD_DEFAULT "default"

/* More than deployd takes. */
#define COUNT_MAX 1000000

DEFINE_CLEANUP(Table *, table_free);

/* One PROCESS=COUNT, cut at its equals sign. */
typedef struct Wish {
        char *process;
        uint64_t count;
        bool said; /* it stood in the formation already */
} Wish;

static void wishes_freep(Wish **wishes)
{
        for (Wish *wish = *wishes; wish && wish->process; wish++)
                free(wish->process);
        free(*wishes);
}

/* Reads `n` arguments into a list that ends with an all-zero one. An exit status. */
static int wishes_read(char *const arguments[], size_t n, Wish **ret)
{
        _cleanup_(wishes_freep) Wish *wishes = calloc(n + 1, sizeof(Wish));

        if (!wishes)
                return bus_report(NULL, -ENOMEM);
        for (size_t i = 0; i < n; i++) {
                const char *equals = strchr(arguments[i], '=');

                if (!equals || equals == arguments[i] ||
                    text_to_u64(equals + 1, COUNT_MAX, &wishes[i].count) < 0)
                        return usage_error("'%s' is not PROCESS=COUNT, as in web=2", arguments[i]);
                wishes[i].process = strndup(arguments[i], (size_t) (equals - arguments[i]));
                if (!wishes[i].process)
                        return bus_report(NULL, -ENOMEM);
                for (size_t before = 0; before < i; before++)
                        if (strcmp(wishes[before].process, wishes[i].process) == 0)
                                return usage_error("process '%s' is given twice", wishes[i].process);
        }
        *ret = TAKE_PTR(wishes);
        return EXIT_DONE;
}

/* The property Formation, the message standing at its array. */
static int formation_get(sd_bus *bus, const char *path, sd_bus_message **ret)
{
        int r = bus_call(bus, CALL_TIMEOUT, path, INTERFACE_PROPERTIES, "Get", ret, "ss", BUS_INTERFACE_APP,
                         "Formation");

        if (r != EXIT_DONE)
                return r;
        r = sd_bus_message_enter_container(*ret, 'v', "a{su}");
        if (r >= 0)
                r = sd_bus_message_enter_container(*ret, 'a', "{su}");
        return r < 0 ? bus_report(NULL, r) : EXIT_DONE;
}

static int scale_show_formation(sd_bus *bus, const char *path, bool json)
{
        static const Column columns[] = {
                { "PROCESS", "process", NULL, CELL_TEXT },
                { "COUNT", "count", NULL, CELL_NUMBER },
        };
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_(table_freep) Table *table = NULL;
        int r = formation_get(bus, path, &reply);

        if (r != EXIT_DONE)
                return r;
        r = table_new(&table, "formation", columns, ELEMENTSOF(columns), json);
        while (r >= 0 && (r = sd_bus_message_enter_container(reply, 'e', "su")) > 0) {
                r = table_add_line(table);
                if (r >= 0)
                        r = table_set_message(table, reply);
                if (r >= 0)
                        r = sd_bus_message_exit_container(reply);
        }
        if (r >= 0)
                r = table_print(table, "nothing of it runs");
        return r < 0 ? bus_report(NULL, r) : EXIT_DONE;
}

static int scale_append(sd_bus_message *call, const char *process, uint64_t count)
{
        return sd_bus_message_append(call, "{su}", process, (uint32_t) MIN2(count, UINT32_MAX));
}

/* What there is, with what is wished in its place. */
static int scale_merge(sd_bus_message *call, sd_bus_message *now, Wish *wishes)
{
        const char *process;
        uint32_t count;
        int r = 0;

        assert(wishes);

        while (now && r >= 0 && (r = sd_bus_message_read(now, "{su}", &process, &count)) > 0) {
                Wish *wish = wishes;

                while (wish->process && strcmp(wish->process, process) != 0)
                        wish++;
                wish->said = wish->process != NULL;
                r = scale_append(call, process, wish->said ? wish->count : count);
        }
        for (Wish *wish = wishes; r >= 0 && wish->process; wish++)
                if (!wish->said)
                        r = scale_append(call, wish->process, wish->count);
        return r;
}

static int scale_set(sd_bus *bus, const char *path, sd_bus_message *now, Wish *wishes)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        int r = sd_bus_message_new_method_call(bus, &call, BUS_NAME, path, BUS_INTERFACE_APP,
                                               "SetProperties");

        if (r >= 0)
                r = sd_bus_message_open_container(call, 'a', "{sv}");
        if (r >= 0)
                r = sd_bus_message_open_container(call, 'e', "sv");
        if (r >= 0)
                r = sd_bus_message_append(call, "s", "Formation");
        if (r >= 0)
                r = sd_bus_message_open_container(call, 'v', "a{su}");
        if (r >= 0)
                r = sd_bus_message_open_container(call, 'a', "{su}");
        if (r >= 0)
                r = scale_merge(call, now, wishes);
        for (unsigned i = 0; r >= 0 && i < 4; i++)
                r = sd_bus_message_close_container(call);
        return r < 0 ? bus_report(NULL, r) : bus_send(bus, CALL_TIMEOUT, call, NULL);
}

/* The formation of a stopped app was changed: nothing has happened yet. An exit status. */
static int say_stopped(sd_bus *bus, const char *name)
{
        _cleanup_(app_clear) App app = { 0 };
        int r = app_read(bus, name, &app);

        if (r == EXIT_DONE && app_is_stopped(&app))
                printf("%s is stopped: it takes effect when it starts\n", name);
        return r;
}

int verb_scale(const Invocation *invocation)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *now = NULL;
        _cleanup_(wishes_freep) Wish *wishes = NULL;
        _cleanup_free_ char *path = NULL;
        size_t n = invocation->n_arguments - 1;
        bool reset = n == 1 && strcmp(invocation_argument(invocation, 1), WORD_DEFAULT) == 0;
        bool json = invocation_has(invocation, OPTION_JSON);
        int r = wishes_read(invocation->arguments + 1, reset ? 0 : n, &wishes);

        if (r == EXIT_DONE && n > 0 && json)
                return usage_error("--json is for showing a formation, not for changing it");
        if (r == EXIT_DONE)
                r = bus_open(&bus);
        if (r == EXIT_DONE)
                r = bus_find(bus, "GetApp", invocation_argument(invocation, 0), &path);
        if (r == EXIT_DONE && n > 0 && !reset)
                r = formation_get(bus, path, &now);
        if (r == EXIT_DONE && n > 0 && wishes)
                r = scale_set(bus, path, now, wishes);
        if (r == EXIT_DONE)
                r = scale_show_formation(bus, path, json);
        return r == EXIT_DONE && n > 0 ? say_stopped(bus, invocation_argument(invocation, 0)) : r;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The environment of an app: config, config get, set, unset. Values are printed by the first two only. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/app.h"
#include "cli/bus.h"
#include "cli/change.h"
#include "cli/deploy.h"
#include "cli/environment.h"
#include "cli/table.h"
#include "cli/verb.h"

DEFINE_CLEANUP(Table *, table_free);

static bool is_staged(const App *app, const char *name)
{
        for (char **staged = app->staged; staged && *staged; staged++)
                if (strcmp(*staged, name) == 0)
                        return true;
        return false;
}

/* `staged` is how the next deployment has it otherwise; NULL = not. */
static int config_add(Table *table, const char *name, const char *staged, const char *value, bool json)
{
        int r = table_add_line(table);

        if (r >= 0)
                r = table_set_text(table, 0, name);
        if (r >= 0)
                r = json ? table_set_flag(table, 1, staged)
                         : table_set_text(table, 1, text_or_empty(staged));
        return r < 0 ? r : table_set_text(table, 2, value);
}

/* People see the column STAGED only if there is something in it, and a line for each variable that the next
 * deployment does not have any more. */
static int config_print(const Environment *environment, const App *app, bool json)
{
        bool any = app->staged && app->staged[0];
        const Column columns[] = {
                { "NAME", "name", NULL, CELL_TEXT },
                { any ? "STAGED" : NULL, "staged", NULL, json ? CELL_FLAG : CELL_TEXT },
                { "VALUE", "value", NULL, CELL_LONG_TEXT },
        };
        _cleanup_(table_freep) Table *table = NULL;
        int r = table_new(&table, "config", columns, ELEMENTSOF(columns), json);

        for (size_t i = 0; r >= 0 && i < environment->n; i++) {
                const Variable *variable = &environment->items[i];

                r = config_add(table, variable->name, is_staged(app, variable->name) ? "set" : NULL,
                               variable->value, json);
        }
        for (char **name = app->staged; r >= 0 && !json && name && *name; name++)
                if (!environment_find(environment, *name))
                        r = config_add(table, *name, "unset", "", json);
        return r < 0 ? r
                     : table_print(table, "nothing is set; 'deployctl config set APP NAME=VALUE' does so");
}

int verb_config(const Invocation *invocation)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(environment_clear) Environment environment = { 0 };
        _cleanup_(app_clear) App app = { 0 };
        const char *name = invocation_argument(invocation, 0);
        int r = bus_open(&bus);

        if (r == EXIT_DONE)
                r = environment_read(bus, name, &environment);
        if (r == EXIT_DONE)
                r = app_read(bus, name, &app);
        if (r != EXIT_DONE)
                return r;
        r = config_print(&environment, &app, invocation_has(invocation, OPTION_JSON));
        return r < 0 ? bus_report(NULL, r) : EXIT_DONE;
}

int verb_config_get(const Invocation *invocation)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(environment_clear) Environment environment = { 0 };
        const char *app = invocation_argument(invocation, 0), *name = invocation_argument(invocation, 1);
        const char *value;
        int r = bus_open(&bus);

        if (r == EXIT_DONE)
                r = environment_read(bus, app, &environment);
        if (r != EXIT_DONE)
                return r;
        value = environment_find(&environment, name);
        if (!value) {
                say("%s is not set for %s", name, app);
                return EXIT_REFUSED;
        }
        printf("%s\n", value);
        return EXIT_DONE;
}

/* The deployment did not become live: whether deployd has taken the change back. */
static void config_say_failed(const char *app, const Change *changes, const Environment *before)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(environment_clear) Environment now = { 0 };

        if (bus_open(&bus) != EXIT_DONE || environment_read(bus, app, &now) != EXIT_DONE)
                return;
        if (environment_equals(before, &now))
                say("the variables of %s are as they were before: the change is taken back", app);
        else if (changes_are_in(changes, &now))
                say("the variables of %s stay changed: they take effect with the next deployment", app);
        else
                say("the variables of %s were changed by another command meanwhile: 'deployctl config %s' shows "
                    "them",
                    app, app);
}

/* Nothing was deployed. An exit status. */
static int config_print_waiting(const char *name)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(app_clear) App app = { 0 };
        int r = bus_open(&bus);

        if (r == EXIT_DONE)
                r = app_read(bus, name, &app);
        if (r != EXIT_DONE)
                return r;
        /* A live deployment that was not deployed once more is a stopped one. */
        if (app_is_stopped(&app) || app_is_live(&app))
                printf("%s is stopped: they take effect when it starts\n", name);
        else
                printf("the variables of %s are changed: they take effect with its first deployment\n",
                       name);
        return EXIT_DONE;
}

static int config_deploy(sd_bus *bus, sd_bus_message *call, const Invocation *invocation,
                         const Change *changes, const Environment *before)
{
        const char *app = invocation_argument(invocation, 0);
        DeployEnd end;
        int r = deploy_run(bus, call, app, &invocation->options, &end);

        if (end == DEPLOY_FAILED || end == DEPLOY_CANCELLED)
                config_say_failed(app, changes, before);
        return r == EXIT_DONE && end == DEPLOY_NONE ? config_print_waiting(app) : r;
}

static int config_stage(sd_bus *bus, sd_bus_message *call, const char *app)
{
        int r = bus_send(bus, CALL_TIMEOUT, call, NULL);

        if (r == EXIT_DONE)
                printf("staged: they take effect with the next deployment of %s\n", app);
        return r;
}

/* `before` are the variables as they are now. */
static int config_change(sd_bus *bus, const Invocation *invocation, const Change *changes,
                         const Environment *before)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        const char *app = invocation_argument(invocation, 0);
        bool stage = invocation_has(invocation, OPTION_STAGE);
        int r = environment_call_new(bus, app, stage ? "StageEnvironment" : "SetEnvironment", &call);

        if (r != EXIT_DONE)
                return r;
        r = changes_append(changes, call);
        if (r < 0)
                return bus_report(NULL, r);
        return stage ? config_stage(bus, call, app) : config_deploy(bus, call, invocation, changes, before);
}

int verb_config_set(const Invocation *invocation)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(environment_clear) Environment before = { 0 };
        _cleanup_(changes_freep) Change *changes = NULL;
        int r = changes_read_set(invocation, &changes);

        if (r == EXIT_DONE)
                r = bus_open(&bus);
        if (r == EXIT_DONE)
                r = environment_read(bus, invocation_argument(invocation, 0), &before);
        return r == EXIT_DONE ? config_change(bus, invocation, changes, &before) : r;
}

int verb_config_unset(const Invocation *invocation)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(environment_clear) Environment before = { 0 };
        _cleanup_(changes_freep) Change *changes = NULL;
        const char *app = invocation_argument(invocation, 0);
        int r = changes_read_unset(invocation, &changes);

        if (r == EXIT_DONE)
                r = bus_open(&bus);
        if (r == EXIT_DONE)
                r = environment_read(bus, app, &before);
        if (r != EXIT_DONE)
                return r;
        /* SetEnvironment deploys the live deployment once more, whatever it changes. */
        if (changes_are_in(changes, &before)) {
                say("nothing to unset: 'deployctl config %s' shows what is set", app);
                return EXIT_DONE;
        }
        return config_change(bus, invocation, changes, &before);
}

void config_print_set(void)
{
        printf("\nValues:\n"
               "  NAME=VALUE     as it is written; others may see it in the list of processes\n"
               "  NAME=@FILE     what is in FILE, but for a newline at its end\n"
               "  NAME=-         what comes from standard input, but for a newline at its end\n");
}

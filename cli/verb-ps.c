/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The instances that run: which there should be is deployd's word, how they are is systemd's. */

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/deployment.h"
#include "cli/table.h"
#include "cli/unit.h"
#include "cli/verb.h"

enum {
        COLUMN_APP,
        COLUMN_PROCESS,
        COLUMN_STATUS,
        COLUMN_PORT,
        COLUMN_SINCE,
        COLUMN_DEPLOYMENT,
        COLUMN_UNIT,
};

static const Column columns[] = {
        [COLUMN_APP] = { "APP", "app", NULL, CELL_TEXT },
        [COLUMN_PROCESS] = { "PROCESS", "process", NULL, CELL_TEXT },
        [COLUMN_STATUS] = { "STATUS", "status", NULL, CELL_TEXT },
        [COLUMN_PORT] = { "PORT", "port", NULL, CELL_PORT },
        [COLUMN_SINCE] = { "SINCE", "since", NULL, CELL_TIME },
        [COLUMN_DEPLOYMENT] = { "DEPLOYMENT", "deployment", NULL, CELL_NUMBER },
        [COLUMN_UNIT] = { "UNIT", "unit", NULL, CELL_LONG_TEXT },
};

typedef struct UnitState {
        char *load_state;
        char *sub_state;
        uint64_t changed_at;
} UnitState;

static const Field state_fields[] = {
        { "LoadState", 's', offsetof(UnitState, load_state) },
        { "SubState", 's', offsetof(UnitState, sub_state) },
        { "StateChangeTimestamp", 't', offsetof(UnitState, changed_at) },
};

typedef struct Listed {
        sd_bus *bus;
        Table *table;
} Listed;

DEFINE_CLEANUP(Table *, table_free);

static void unit_state_clear(UnitState *state)
{
        free(state->load_state);
        free(state->sub_state);
}

static int unit_state_read(sd_bus *bus, const char *unit, UnitState *ret)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_free_ char *path = NULL;
        int r = sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit, &path);

        if (r >= 0)
                r = sd_bus_call_method(bus, "org.freedesktop.systemd1", path, INTERFACE_PROPERTIES, "GetAll",
                                       &error, &reply, "s", "org.freedesktop.systemd1.Unit");
        if (r < 0) {
                say("cannot ask systemd about %s: %s", unit, text_or_empty(error.message));
                return EXIT_UNREACHABLE;
        }
        r = bus_read_properties(reply, state_fields, ELEMENTSOF(state_fields), ret);
        return r < 0 ? bus_report(NULL, r) : EXIT_DONE;
}

/* Only web.1's port is known to deployd's clients. */
static uint64_t unit_port(const Deployment *deployment, const Unit *unit)
{
        return strcmp(unit->label, "web.1") == 0 ? deployment->port : 0;
}

static int instance_add(Listed *listed, const Deployment *deployment, const char *name)
{
        _cleanup_(unit_state_clear) UnitState state = { 0 };
        bool loaded;
        Unit unit;
        int r = unit_read(name, &unit);

        if (r < 0 || unit.owner != UNIT_OWNER_INSTANCE) {
                say("deployd lists a unit that cannot be one of an app: %s", name);
                return EXIT_REFUSED;
        }
        r = unit_state_read(listed->bus, name, &state);
        if (r != EXIT_DONE)
                return r;
        loaded = state.load_state && strcmp(state.load_state, "loaded") == 0;

        r = table_add_line(listed->table);
        if (r >= 0)
                r = table_set_text(listed->table, COLUMN_APP, unit.name);
        if (r >= 0)
                r = table_set_text(listed->table, COLUMN_PROCESS, unit.label);
        if (r >= 0)
                r = table_set_text(listed->table, COLUMN_STATUS,
                                   loaded ? text_or_empty(state.sub_state) : "gone");
        if (r >= 0)
                r = table_set_number(listed->table, COLUMN_PORT, unit_port(deployment, &unit));
        if (r >= 0)
                r = table_set_number(listed->table, COLUMN_SINCE, state.changed_at);
        if (r >= 0)
                r = table_set_number(listed->table, COLUMN_DEPLOYMENT, deployment->id);
        if (r >= 0)
                r = table_set_text(listed->table, COLUMN_UNIT, name);
        return r < 0 ? bus_report(NULL, r) : EXIT_DONE;
}

static int deployment_add(const Deployment *deployment, const char *path _unused_, void *userdata)
{
        int r = EXIT_DONE;

        for (char **unit = deployment->units; unit && *unit && r == EXIT_DONE; unit++)
                r = instance_add(userdata, deployment, *unit);
        return r;
}

int verb_ps(const Invocation *invocation)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(table_freep) Table *table = NULL;
        Listed listed;
        int r = bus_open(&bus);

        if (r != EXIT_DONE)
                return r;
        r = table_new(&table, "instances", columns, ELEMENTSOF(columns),
                      invocation_has(invocation, OPTION_JSON));
        if (r < 0)
                return bus_report(NULL, r);
        listed = (Listed){ bus, table };
        r = deployments_each(bus, invocation_argument(invocation, 0), deployment_add, &listed);
        if (r != EXIT_DONE)
                return r;
        r = table_print(table, "nothing runs");
        return r < 0 ? bus_report(NULL, r) : EXIT_DONE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The daemon itself. */

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"
#include "cli/app.h"
#include "cli/bus.h"
#include "cli/format.h"
#include "cli/table.h"
#include "cli/verb.h"

static const Column columns[] = {
        { "deployd", "version", "Version", CELL_TEXT },
        { "Database", "database_state", "DatabaseState", CELL_TEXT },
        { "Schema version", "schema_version", "SchemaVersion", CELL_NUMBER },
        { "Ports", "port_range", "PortRange", CELL_TEXT },
        { "Ports in use", "ports_assigned", "PortsAssigned", CELL_NUMBER },
        { "Sandbox", "sandbox_state", "SandboxState", CELL_TEXT },
        { "Sandbox lacks", "sandbox_missing", "SandboxMissing", CELL_LIST },
        { "Deployments queued", "deployments_queued", "DeploymentsQueued", CELL_NUMBER },
        { "Deployments running", "deployments_running", "DeploymentsRunning", CELL_NUMBER },
        { NULL, "attention", "Attention", CELL_TEXT }, /* people have it in a line of its own */
};

static int manager_read(sd_bus *bus, const char *property, char **ret)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = sd_bus_get_property_string(bus, BUS_NAME, BUS_PATH, BUS_INTERFACE_MANAGER, property, &error,
                                           ret);

        return r < 0 ? bus_report(&error, r) : EXIT_DONE;
}

/* A deployd that does not have the property needs nothing. */
static void attention_print(sd_bus *bus)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *attention = NULL, *escaped = NULL;
        int r = sd_bus_get_property_string(bus, BUS_NAME, BUS_PATH, BUS_INTERFACE_MANAGER, "Attention",
                                           &error, &attention);

        if (r < 0 || text_is_empty(attention))
                return;
        escaped = text_escape(attention, strlen(attention));
        printf("Needs attention: %s\n\n", text_or_empty(escaped));
}

int verb_status(const Invocation *invocation)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *properties = NULL;
        _cleanup_free_ char *version = NULL, *state = NULL;
        bool json = invocation_has(invocation, OPTION_JSON);
        int r = bus_open(&bus);

        /* These two can be read without a database as well, and exactly then one wants to see them. */
        if (r == EXIT_DONE)
                r = manager_read(bus, "Version", &version);
        if (r == EXIT_DONE)
                r = manager_read(bus, "DatabaseState", &state);
        if (r != EXIT_DONE)
                return r;
        if (!json)
                attention_print(bus);
        r = bus_get_properties(bus, BUS_PATH, BUS_INTERFACE_MANAGER, &properties);
        if (r != EXIT_DONE) {
                if (!json)
                        printf("deployd %s, database: %s\n", version, state);
                return r;
        }
        r = record_print(properties, "status", columns, ELEMENTSOF(columns), json);
        if (r < 0)
                return bus_report(NULL, r);
        if (json) /* one document; the apps are another */
                return EXIT_DONE;
        printf("\n");
        return apps_print(bus, false);
}

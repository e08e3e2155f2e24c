/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The history of an app. */

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/bus.h"
#include "cli/listing.h"
#include "cli/verb.h"

enum {
        RELEASES_MAX = 1000, /* ListDeployments gives no more at once */
};

static const Column columns[] = {
        { "ID", "id", NULL, CELL_NUMBER },
        { "APP", "app", NULL, CELL_HIDDEN },
        { "STATUS", "status", NULL, CELL_TEXT },
        { "REVISION", "revision", NULL, CELL_REVISION },
        { "PORT", "assigned_port", NULL, CELL_PORT },
        { "CREATED", "created", NULL, CELL_TIME },
        { NULL, "finished", NULL, CELL_TIME },
        { "REASON", "error_summary", NULL, CELL_LONG_TEXT },
};

int verb_releases(const Invocation *invocation)
{
        static const Listing listing = {
                "ListDeployments", "tsssqtts",          "releases",
                columns,           ELEMENTSOF(columns), "never deployed yet",
        };
        const char *app = invocation_argument(invocation, 0);
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        uint64_t limit = 0; /* the interface's default */
        int r = option_read_number(&invocation->options, OPTION_LINES, RELEASES_MAX, &limit);

        /* To ListDeployments no name is all apps. */
        if (r == EXIT_DONE && text_is_empty(app))
                r = usage_error("the name of an app is missing");
        if (r == EXIT_DONE)
                r = bus_open(&bus);
        if (r != EXIT_DONE)
                return r;
        return listing_print(bus, &listing, invocation_has(invocation, OPTION_JSON), "stu", app, UINT64_C(0),
                             (uint32_t) limit);
}

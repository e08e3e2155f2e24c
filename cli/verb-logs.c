/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an app wrote. Needs the journal only: it works without deployd, and for apps that are gone, too. */

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"
#include "cli/bus.h"
#include "cli/journal.h"
#include "cli/unit.h"
#include "cli/verb.h"

enum {
        LINES_DEFAULT = 100,
};

DEFINE_CLEANUP(Journal *, journal_free);

/* A name is one if it comes back from the name of a unit. */
static int check_app(const char *app)
{
        _cleanup_free_ char *name = text_format("deployd-app-%s-1.web.1.service", app);
        Unit unit;

        for (char *c = name ? name + strlen("deployd-app-") : NULL, *end = c ? c + strlen(app) : NULL;
             c < end; c++)
                if (*c == '-')
                        *c = '_';
        if (!name || unit_read(name, &unit) < 0 || strcmp(unit.name, app) != 0)
                return usage_error(
                        "'%s' is no name of an app: a small letter, then small letters, digits and -", app);
        return 0;
}

/* Whether deployd is there and says that. It is not started for it. */
static bool app_is_missing(const char *app)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        if (sd_bus_open_system(&bus) < 0 ||
            sd_bus_message_new_method_call(bus, &call, BUS_NAME, BUS_PATH, BUS_INTERFACE_MANAGER, "GetApp") <
                    0 ||
            sd_bus_message_set_auto_start(call, false) < 0 || sd_bus_message_append(call, "s", app) < 0)
                return false;
        (void) sd_bus_call(bus, call, CALL_TIMEOUT, &error, NULL);
        return sd_bus_error_has_name(&error, BUS_ERROR_NO_SUCH_APP);
}

int verb_logs(const Invocation *invocation)
{
        const char *app = invocation_argument(invocation, 0);
        JournalFilter filter = { .app = app, .process = invocation->options.values[OPTION_PROCESS] };
        bool raw = invocation_has(invocation, OPTION_RAW),
             follow = invocation_has(invocation, OPTION_FOLLOW);
        _cleanup_(journal_freep) Journal *journal = NULL;
        uint64_t n = LINES_DEFAULT;
        int64_t printed;
        int r = check_app(app);

        if (r == 0)
                r = option_read_number(&invocation->options, OPTION_LINES, INT32_MAX, &n);
        if (r == 0)
                r = option_read_number(&invocation->options, OPTION_DEPLOYMENT, INT64_MAX,
                                       &filter.deployment);
        if (r == 0)
                r = journal_open(&journal, invocation->options.values[OPTION_JOURNAL], &filter);
        if (r != 0)
                return r;

        printed = journal_print_last(journal, stdout, n, raw);
        if (printed == 0 && !invocation->options.values[OPTION_JOURNAL] && app_is_missing(app)) {
                say("there is no app %s, and no such lines of one that was: see 'deployctl app list'", app);
                return EXIT_REFUSED;
        }
        if (printed == 0 && !follow)
                say("the journal has no such lines of app %s", app);
        if (printed >= 0 && follow)
                printed = journal_follow(journal, raw);
        if (printed < 0) {
                say("cannot read the journal: %s", strerror((int) -printed));
                return EXIT_REFUSED;
        }
        return EXIT_DONE;
}

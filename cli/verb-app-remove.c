/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* app remove: it cannot be undone, so it is confirmed, by the name of the app typed once more. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli/app.h"
#include "cli/bus.h"
#include "cli/files.h"
#include "cli/format.h"
#include "cli/removal.h"
#include "cli/removed.h"
#include "cli/verb.h"

/* `12 files, 3.4M`. Caller frees; NULL when out of memory. */
static char *data_describe(const App *app)
{
        Files files;

        if (!app->data_path || files_count(app->data_path, &files) < 0)
                return strdup("size not known");
        return files_format(&files);
}

static const char *app_remove_plural(uint64_t n)
{
        return n == 1 ? "" : "s";
}

/* What goes and what stays, on standard error, where the question is. */
static void plan_print(const char *name, const App *app, const char *data)
{
        const char *repository = app->repository ? strrchr(app->repository, '/') : NULL;

        fprintf(stderr,
                "What goes:\n"
                "  the app %s with its settings, variables and history\n"
                "  %" PRIu32 " release%s\n"
                "What stays:\n"
                "  its data in %s: %s\n"
                "    (as long as keep-removed-data of deploy.conf says; with 0 it goes at once)\n"
                "%s",
                name, app->releases, app_remove_plural(app->releases), text_or_empty(app->data_path), data,
                repository ? "  its repository, and its lines in the journal\n" : "");
}

/* One line of standard input is exactly the name. */
static bool answer_is(const char *name)
{
        _cleanup_free_ char *line = NULL;
        size_t size = 0;
        ssize_t length;

        fprintf(stderr, "Type the name of the app to remove it: ");
        length = getline(&line, &size, stdin);
        if (length <= 0) {
                fprintf(stderr, "\n");
                return false;
        }
        if (line[length - 1] == '\n')
                line[length - 1] = '\0';
        return strcmp(line, name) == 0;
}

/* Whether the user is to be asked; an exit status. */
static int check_confirmation(const Invocation *invocation, bool *ret_ask)
{
        const char *name = invocation_argument(invocation, 0),
                   *confirmed = invocation->options.values[OPTION_CONFIRM],
                   *force = invocation_has(invocation, OPTION_FORCE) ? " --force" : "";

        *ret_ask = !confirmed && isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
        if (*ret_ask || (confirmed && strcmp(confirmed, name) == 0))
                return EXIT_DONE;
        if (confirmed)
                return usage_error("--confirm has another name than the app that is to be removed: type "
                                   "'deployctl app remove %s%s --confirm=%s'",
                                   name, force, name);
        return usage_error("the removal of %s cannot be undone, and there is no terminal to ask at: type "
                           "'deployctl app remove %s%s --confirm=%s'",
                           name, name, force, name);
}

/* What became of its data is known to deployd only now. */
static void end_print(const char *name, uint64_t id, uint32_t releases, const char *data)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(removed_apps_clear) RemovedApps removed = { 0 };
        const RemovedApp *app;

        printf("app %s removed: %" PRIu32 " release%s", name, releases, app_remove_plural(releases));
        (void) fflush(stdout);
        if (bus_open(&bus) != EXIT_DONE || removed_apps_read(bus, &removed) != EXIT_DONE) {
                printf("\n");
                return;
        }
        app = removed_apps_find(&removed, id);
        if (app && app->kept_until > clock_usec(CLOCK_REALTIME)) {
                _cleanup_free_ char *day = format_day(app->kept_until);

                printf("; its data (%s) is kept until %s: deployctl app list --removed\n", data,
                       text_or_empty(day));
        } else
                printf("; its data (%s) went with it\n", data);
}

int verb_app_remove(const Invocation *invocation)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(app_clear) App app = { 0 };
        _cleanup_free_ char *data = NULL;
        const char *name = invocation_argument(invocation, 0);
        uint64_t id = 0;
        bool ask;
        int r = check_confirmation(invocation, &ask);

        if (r == EXIT_DONE)
                r = bus_open(&bus);
        if (r == EXIT_DONE)
                r = app_read(bus, name, &app);
        if (r != EXIT_DONE)
                return r;
        data = data_describe(&app);
        if (!data)
                return bus_report(NULL, -ENOMEM);
        if (ask) {
                plan_print(name, &app, data);
                if (!answer_is(name)) {
                        say("nothing was removed");
                        return EXIT_REFUSED;
                }
        }
        r = removal_run(bus, name, app.path, invocation_has(invocation, OPTION_FORCE), &id);
        if (r == EXIT_DONE)
                end_print(name, id, app.releases, data);
        return r;
}

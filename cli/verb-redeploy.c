/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Live deployments once more: redeploy of one app, or of all. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"
#include "cli/app.h"
#include "cli/bus.h"
#include "cli/deploy.h"
#include "cli/verb.h"

/* Apps of which the same is to be said. */
typedef struct Names {
        size_t n;
        char *text; /* "mail, shop"; NULL while n is 0 */
} Names;

static void redeploy_names_clear(Names *names)
{
        free(names->text);
}

/* An exit status. */
static int redeploy_names_add(Names *names, const char *name)
{
        char *longer = text_format("%s%s%s", text_or_empty(names->text), names->n > 0 ? ", " : "", name);

        if (!longer)
                return bus_report(NULL, -ENOMEM);
        free(names->text);
        names->text = longer;
        names->n++;
        return EXIT_DONE;
}

static int redeploy_call(sd_bus *bus, const char *app, const Options *options, DeployEnd *ret_end)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        int r = app_call_new(bus, app, "Redeploy", &call);

        return r == EXIT_DONE ? deploy_run(bus, call, app, options, ret_end) : r;
}

static int redeploy_one(const Invocation *invocation)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        const char *app = invocation_argument(invocation, 0);
        DeployEnd end = DEPLOY_UNKNOWN;
        int r = bus_open(&bus);

        if (r == EXIT_DONE)
                r = redeploy_call(bus, app, &invocation->options, &end);
        if (end == DEPLOY_NONE)
                printf("%s is stopped: it takes effect when it starts\n", app);
        return r;
}

/* What became of all of them. */
typedef struct Redeploy {
        size_t n_done;
        Names failed, stopped;
} Redeploy;

static void redeploy_clear(Redeploy *redeploy)
{
        redeploy_names_clear(&redeploy->failed);
        redeploy_names_clear(&redeploy->stopped);
}

/* One app in its turn, as it is now: the apps before it took their time. An exit status, which is not
 * EXIT_DONE only if the apps after it are not to be tried. */
static int redeploy_next(Redeploy *redeploy, const char *name, const Options *options)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(app_clear) App app = { 0 };
        DeployEnd end = DEPLOY_UNKNOWN;
        int r = bus_open(&bus);

        if (r == EXIT_DONE)
                r = app_read(bus, name, &app);
        if (r == EXIT_DONE && app_is_stopped(&app))
                return redeploy_names_add(&redeploy->stopped, name);
        if (r == EXIT_DONE && !app_is_live(&app))
                return EXIT_DONE;
        if (r == EXIT_DONE)
                r = redeploy_call(bus, name, options, &end);
        if (r == EXIT_INTERRUPTED || r == EXIT_UNREACHABLE)
                return r;
        if (end == DEPLOY_NONE)
                return redeploy_names_add(&redeploy->stopped, name);
        if (r != EXIT_DONE)
                return redeploy_names_add(&redeploy->failed, name);
        redeploy->n_done++;
        return EXIT_DONE;
}

static int apps_read(char ***ret)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *name;
        size_t n = 0;
        int r = bus_open(&bus);

        if (r == EXIT_DONE)
                r = bus_call(bus, CALL_TIMEOUT, BUS_PATH, BUS_INTERFACE_MANAGER, "ListApps", &reply, "");
        if (r != EXIT_DONE)
                return r;
        r = sd_bus_message_enter_container(reply, 'a', "(sssqqo)");
        while (r >= 0 &&
               (r = sd_bus_message_read(reply, "(sssqqo)", &name, NULL, NULL, NULL, NULL, NULL)) > 0) {
                char **longer = reallocarray(*ret, n + 2, sizeof(char *));

                if (!longer)
                        return bus_report(NULL, -ENOMEM);
                *ret = longer;
                longer[n + 1] = NULL;
                longer[n] = strdup(name);
                if (!longer[n++])
                        return bus_report(NULL, -ENOMEM);
        }
        return r < 0 ? bus_report(NULL, r) : EXIT_DONE;
}

static void texts_freep(char ***texts)
{
        texts_free(*texts);
}

/* Standard output has nothing but ids with --no-wait. */
static void redeploy_print(const Redeploy *redeploy, bool no_wait)
{
        _cleanup_free_ char *failed = NULL, *stopped = NULL;

        if (redeploy->failed.n > 0)
                failed = text_format("; %zu failed: %s", redeploy->failed.n, redeploy->failed.text);
        if (redeploy->stopped.n > 0)
                stopped = text_format("; %zu stopped, and left alone: %s", redeploy->stopped.n,
                                      redeploy->stopped.text);
        fprintf(no_wait ? stderr : stdout, "%s%zu %s%s%s%s%s\n", no_wait ? "deployctl: " : "",
                redeploy->n_done, no_wait ? "deployment" : "app", redeploy->n_done == 1 ? "" : "s",
                no_wait ? " asked for" : " redeployed", text_or_empty(failed), text_or_empty(stopped));
}

static int redeploy_all(const Options *options)
{
        _cleanup_(texts_freep) char **names = NULL;
        _cleanup_(redeploy_clear) Redeploy redeploy = { 0 };
        size_t i = 0, left = 0;
        int r = apps_read(&names);

        if (r != EXIT_DONE)
                return r;
        for (; names && names[i]; i++) {
                r = redeploy_next(&redeploy, names[i], options);
                if (r != EXIT_DONE)
                        break;
        }
        if (r != EXIT_DONE)
                while (names && names[i + 1 + left])
                        left++;
        redeploy_print(&redeploy, options->values[OPTION_NO_WAIT]);
        if (left > 0)
                say("%zu more after %s not redeployed, from %s on", left, names[i], names[i + 1]);
        return r == EXIT_DONE && redeploy.failed.n > 0 ? EXIT_REFUSED : r;
}

int verb_redeploy(const Invocation *invocation)
{
        bool all = invocation_has(invocation, OPTION_ALL);

        if (all && invocation->n_arguments > 0)
                return usage_error("'redeploy' takes an app or --all, not both");
        if (!all && invocation->n_arguments == 0)
                return usage_error("'redeploy' needs more arguments; usage: deployctl redeploy APP, or "
                                   "deployctl redeploy --all");
        return all ? redeploy_all(&invocation->options) : redeploy_one(invocation);
}

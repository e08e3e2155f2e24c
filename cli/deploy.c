/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/deploy.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/names.h"
#include "base/text.h"
#include "cli/deployment.h"
#include "cli/follow.h"
#include "cli/format.h"
#include "cli/journal.h"
#include "cli/verb.h"

enum {
        LINES_OF_FAILURE = 10,
};

DEFINE_CLEANUP(Journal *, journal_free);

typedef struct Address {
        char *url;
        uint16_t port;
} Address;

static const Field address_fields[] = {
        { "Url", 's', offsetof(Address, url) },
        { "Port", 'q', offsetof(Address, port) },
};

static void address_clear(Address *address)
{
        free(address->url);
}

static int address_read(const char *app, Address *address)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *properties = NULL;
        _cleanup_free_ char *path = NULL;
        int r = bus_open(&bus);

        if (r == EXIT_DONE)
                r = bus_find(bus, "GetApp", app, &path);
        if (r == EXIT_DONE)
                r = bus_get_properties(bus, path, BUS_INTERFACE_APP, &properties);
        if (r != EXIT_DONE)
                return r;
        r = bus_read_properties(properties, address_fields, ELEMENTSOF(address_fields), address);
        return r < 0 ? bus_report(NULL, r) : EXIT_DONE;
}

/* Where the app is reached: its URL, else its own port, else the port of this deployment. Without a `web` it
 * is nowhere. */
static void address_print(const char *app, const char *verb, const Deployment *deployment,
                          const Address *address)
{
        if (deployment->port == 0)
                printf("%s %s", app, verb);
        else if (!text_is_empty(address->url))
                printf("%s %s at %s", app, verb, address->url);
        else
                printf("%s %s on port %d", app, verb, address->port > 0 ? address->port : deployment->port);
}

static void warnings_print(const Deployment *deployment)
{
        for (char **warning = deployment->warnings; warning && *warning; warning++)
                say("warning: %s", *warning);
}

static int live_print(const char *app, const Deployment *deployment)
{
        _cleanup_(address_clear) Address address = { 0 };
        int r = address_read(app, &address);

        if (r != EXIT_DONE)
                return r;
        address_print(app, "is live", deployment, &address);
        printf("\n");
        return EXIT_DONE;
}

static void answers_print(const char *app, const Deployment *deployment)
{
        _cleanup_(address_clear) Address address = { 0 };
        uint64_t now = clock_usec(CLOCK_REALTIME);
        _cleanup_free_ char *left = NULL;

        if (address_read(app, &address) != EXIT_DONE)
                return;
        left = format_elapsed(deployment->settles_at > now ? deployment->settles_at - now : 0);
        address_print(app, "answers", deployment, &address);
        printf(" and is watched for %s\n", text_or_empty(left));
        (void) fflush(stdout);
}

static void failure_print(const char *app, const Deployment *deployment, const char *directory)
{
        JournalFilter filter = { .app = app, .deployment = deployment->id };
        _cleanup_(journal_freep) Journal *journal = NULL;

        say("deployment %" PRIu64 " of %s failed: %s", deployment->id, app,
            text_is_empty(deployment->error_summary) ? "no reason given" : deployment->error_summary);
        if (journal_open(&journal, directory, &filter) != EXIT_DONE)
                return;
        if (journal_print_last(journal, stderr, LINES_OF_FAILURE, false) > 0)
                fprintf(stderr, "More: deployctl logs %s --deployment %" PRIu64 "\n", app, deployment->id);
}

static int call_only(sd_bus *bus, sd_bus_message *call, DeployEnd *ret_end)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        uint64_t id;
        int r = bus_send(bus, CALL_TIMEOUT, call, &reply);

        if (r != EXIT_DONE)
                return r;
        r = sd_bus_message_read(reply, "to", &id, NULL);
        if (r < 0)
                return bus_report(NULL, r);
        if (id == 0)
                *ret_end = DEPLOY_NONE;
        else
                printf("%" PRIu64 "\n", id);
        return EXIT_DONE;
}

static int call_follow(sd_bus *bus, sd_bus_message *call, const char *app, const char *journal,
                       DeployEnd *ret_end)
{
        _cleanup_(deployment_clear) Deployment deployment = { 0 };
        int r = deployment_follow(bus, call, app, answers_print, &deployment);

        if (r != EXIT_DONE)
                return r;
        if (deployment.id == 0) {
                *ret_end = DEPLOY_NONE;
                return EXIT_DONE;
        }
        deployment_read_output(&deployment);
        if (strcmp(deployment.status, "failed") == 0) {
                *ret_end = DEPLOY_FAILED;
                failure_print(app, &deployment, journal);
                return EXIT_REFUSED;
        }
        if (strcmp(deployment.status, "cancelled") == 0) {
                *ret_end = DEPLOY_CANCELLED;
                say("deployment %" PRIu64 " of %s was cancelled", deployment.id, app);
                return EXIT_CANCELLED;
        }
        *ret_end = DEPLOY_LIVE;
        warnings_print(&deployment);
        return live_print(app, &deployment);
}

int deploy_run(sd_bus *bus, sd_bus_message *call, const char *app, const Options *options,
               DeployEnd *ret_end)
{
        DeployEnd end = DEPLOY_UNKNOWN;
        int r = options->values[OPTION_NO_WAIT]
                        ? call_only(bus, call, &end)
                        : call_follow(bus, call, app, options->values[OPTION_JOURNAL], &end);

        if (ret_end)
                *ret_end = end;
        return r;
}

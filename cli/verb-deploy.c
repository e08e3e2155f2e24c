/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Deployments: deploy, redeploy, rollback, cancel. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"
#include "cli/deploy.h"
#include "cli/deployment.h"
#include "cli/follow.h"
#include "cli/journal.h"
#include "cli/terminal.h"
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

/* Where the app is reached: its URL, else its own port, else the port of this deployment. Without a `web`
 * it is nowhere. */
static int live_print(const char *app, const Deployment *deployment)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *properties = NULL;
        _cleanup_(address_clear) Address address = { 0 };
        _cleanup_free_ char *path = NULL;
        int r = bus_open(&bus);

        if (r == EXIT_DONE)
                r = bus_find(bus, "GetApp", app, &path);
        if (r == EXIT_DONE)
                r = bus_get_properties(bus, path, BUS_INTERFACE_APP, &properties);
        if (r != EXIT_DONE)
                return r;
        r = bus_read_properties(properties, address_fields, ELEMENTSOF(address_fields), &address);
        if (r < 0)
                return bus_report(NULL, r);

        if (deployment->port == 0)
                printf("%s is live\n", app);
        else if (!text_is_empty(address.url))
                printf("%s is live at %s\n", app, address.url);
        else
                printf("%s is live on port %d\n", app, address.port > 0 ? address.port : deployment->port);
        return EXIT_DONE;
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

static int deploy_call(sd_bus *bus, const Invocation *invocation, sd_bus_message **ret)
{
        const char *request = invocation->options.values[OPTION_REQUEST_ID];
        int r = sd_bus_message_new_method_call(bus, ret, BUS_NAME, BUS_PATH, BUS_INTERFACE_MANAGER,
                                               "Deploy");

        if (r >= 0)
                r = sd_bus_message_append(*ret, "ss", invocation_argument(invocation, 0),
                                          invocation_argument(invocation, 1));
        if (r >= 0)
                r = request ? sd_bus_message_append(*ret, "a{sv}", 1, "request-id", "s", request)
                            : sd_bus_message_append(*ret, "a{sv}", 0);
        return r < 0 ? bus_report(NULL, r) : EXIT_DONE;
}

static int call_only(sd_bus *bus, sd_bus_message *call, bool *ret_none)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        uint64_t id;
        int r = bus_send(bus, CALL_TIMEOUT, call, &reply);

        if (r != EXIT_DONE)
                return r;
        r = sd_bus_message_read(reply, "to", &id, NULL);
        if (r < 0)
                return bus_report(NULL, r);
        if (id != 0)
                printf("%" PRIu64 "\n", id);
        if (ret_none)
                *ret_none = id == 0;
        return EXIT_DONE;
}

int deploy_run(sd_bus *bus, sd_bus_message *call, const Invocation *invocation, bool *ret_none)
{
        _cleanup_(deployment_clear) Deployment deployment = { 0 };
        const char *app = invocation_argument(invocation, 0);
        int r;

        if (invocation_has(invocation, OPTION_NO_WAIT))
                return call_only(bus, call, ret_none);
        r = deployment_follow(bus, call, app, &deployment);
        if (r != EXIT_DONE)
                return r;
        if (ret_none)
                *ret_none = deployment.id == 0;
        if (deployment.id == 0)
                return EXIT_DONE;

        if (strcmp(deployment.status, "failed") == 0) {
                failure_print(app, &deployment, invocation->options.values[OPTION_JOURNAL]);
                return EXIT_REFUSED;
        }
        if (strcmp(deployment.status, "cancelled") == 0) {
                say("deployment %" PRIu64 " of %s was cancelled", deployment.id, app);
                return EXIT_CANCELLED;
        }
        return live_print(app, &deployment);
}

int verb_deploy(const Invocation *invocation)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        int r = bus_open(&bus);

        if (r == EXIT_DONE)
                r = deploy_call(bus, invocation, &call);
        return r == EXIT_DONE ? deploy_run(bus, call, invocation, NULL) : r;
}

/* Calls a method of the invocation's app by which what is kept of it is deployed. */
static int deploy_kept(const Invocation *invocation, const char *method, const char *types, uint64_t id)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        _cleanup_free_ char *path = NULL;
        int r = bus_open(&bus);

        if (r == EXIT_DONE)
                r = bus_find(bus, "GetApp", invocation_argument(invocation, 0), &path);
        if (r != EXIT_DONE)
                return r;
        r = sd_bus_message_new_method_call(bus, &call, BUS_NAME, path, BUS_INTERFACE_APP, method);
        if (r >= 0)
                r = sd_bus_message_append(call, types, id);
        return r < 0 ? bus_report(NULL, r) : deploy_run(bus, call, invocation, NULL);
}

int verb_redeploy(const Invocation *invocation)
{
        return deploy_kept(invocation, "Redeploy", "", 0);
}

int verb_rollback(const Invocation *invocation)
{
        const char *to = invocation_argument(invocation, 1);
        uint64_t id = 0;

        if (to[0] != '\0' && (text_to_u64(to, INT64_MAX, &id) < 0 || id == 0))
                return usage_error("'rollback' goes back to a deployment, by its id: a number");
        return deploy_kept(invocation, "Rollback", "t", id);
}

typedef struct Cancellation {
        sd_bus *bus;
        size_t n;
} Cancellation;

static int deployment_cancel(sd_bus *bus, uint64_t id, const char *path)
{
        int r = bus_call(bus, CALL_TIMEOUT_NONE, path, BUS_INTERFACE_DEPLOYMENT, "Cancel", NULL, "");

        if (r == EXIT_DONE)
                printf("deployment %" PRIu64 " cancelled\n", id);
        return r;
}

static int cancel_running(const Deployment *deployment, const char *path, void *userdata)
{
        Cancellation *cancellation = userdata;

        if (deployment_has_ended(deployment))
                return EXIT_DONE;
        cancellation->n++;
        return deployment_cancel(cancellation->bus, deployment->id, path);
}

static int cancel_by_id(sd_bus *bus, uint64_t id)
{
        _cleanup_free_ char *path = NULL;
        int r = deployment_find(bus, id, &path);

        return r != EXIT_DONE ? r : deployment_cancel(bus, id, path);
}

int verb_cancel(const Invocation *invocation)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        const char *target = invocation_argument(invocation, 0);
        Cancellation cancellation = { 0 };
        uint64_t id;
        int r;

        if (target[0] == '\0')
                return usage_error("'cancel' needs an app or the id of a deployment, not an empty text");
        r = bus_open(&bus);
        if (r != EXIT_DONE)
                return r;
        /* An app's name begins with a letter. */
        if (text_to_u64(target, INT64_MAX, &id) == 0)
                return cancel_by_id(bus, id);

        cancellation.bus = bus;
        r = deployments_each(bus, target, cancel_running, &cancellation);
        if (r == EXIT_DONE && cancellation.n == 0) {
                say("no deployment of %s is under way", target);
                return EXIT_REFUSED;
        }
        return r;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Deployments: deploy, rollback, cancel. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"
#include "cli/app.h"
#include "cli/deploy.h"
#include "cli/deployment.h"
#include "cli/verb.h"

static int deploy_call(sd_bus *bus, const Invocation *invocation, sd_bus_message **ret)
{
        const char *request = invocation->options.values[OPTION_REQUEST_ID];
        int r = sd_bus_message_new_method_call(bus, ret, BUS_NAME, BUS_PATH, BUS_INTERFACE_MANAGER,
                                               "Deploy");

        if (r >= 0)
                r = sd_bus_message_append(*ret, "ss", invocation_argument(invocation, 0),
                                          invocation_argument(invocation, 1));
        if (r >= 0)
                r = sd_bus_message_open_container(*ret, 'a', "{sv}");
        if (r >= 0 && request)
                r = sd_bus_message_append(*ret, "{sv}", "request-id", "s", request);
        if (r >= 0 && invocation_has(invocation, OPTION_REBUILD))
                r = sd_bus_message_append(*ret, "{sv}", "rebuild", "b", true);
        if (r >= 0)
                r = sd_bus_message_close_container(*ret);
        return r < 0 ? bus_report(NULL, r) : EXIT_DONE;
}

int verb_deploy(const Invocation *invocation)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        int r = bus_open(&bus);

        if (r == EXIT_DONE)
                r = deploy_call(bus, invocation, &call);
        return r == EXIT_DONE ? deploy_run(bus, call, invocation_argument(invocation, 0),
                                           &invocation->options, NULL)
                              : r;
}

int verb_rollback(const Invocation *invocation)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        const char *app = invocation_argument(invocation, 0), *to = invocation_argument(invocation, 1);
        uint64_t id = 0;
        int r;

        if (to[0] != '\0' && (text_to_u64(to, INT64_MAX, &id) < 0 || id == 0))
                return usage_error("'rollback' goes back to a deployment, by its id: a number");
        r = bus_open(&bus);
        if (r == EXIT_DONE)
                r = app_call_new(bus, app, "Rollback", &call);
        if (r != EXIT_DONE)
                return r;
        r = sd_bus_message_append(call, "t", id);
        return r < 0 ? bus_report(NULL, r) : deploy_run(bus, call, app, &invocation->options, NULL);
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/follow.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <systemd/sd-event.h>

#include "base/backoff.h"
#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"
#include "cli/agent.h"
#include "cli/steps.h"
#include "cli/verb.h"
#include "cli/watch.h"

/* How often the running step's time is drawn. */
#define DRAW_INTERVAL USEC_PER_SEC

#define DRAW_ACCURACY (100 * USEC_PER_MSEC)

#define MATCH_DEPLOYMENT                                                       \
        "type='signal',sender='" BUS_NAME "',interface='" INTERFACE_PROPERTIES \
        "',member='PropertiesChanged',path_namespace='" BUS_PATH_DEPLOYMENT "'"
#define MATCH_FINISHED                                                          \
        "type='signal',sender='" BUS_NAME "',interface='" BUS_INTERFACE_MANAGER \
        "',member='DeploymentFinished',path='" BUS_PATH "'"
#define MATCH_OBJECTS \
        "type='signal',sender='" BUS_NAME "',interface='" INTERFACE_OBJECTS "',path='" BUS_PATH "'"

typedef struct Follow {
        sd_event *event;
        sd_bus *bus;
        const char *app;
        Deployment *deployment;
        char *path; /* NULL until the call has replied */
        bool failed;
        void (*on_answers)(const char *app, const Deployment *deployment); /* NULL: it was called */
        Steps steps;
        sd_bus_message *request;    /* what the deployment is asked for by */
        Agent *agent;               /* while a person is asked for a password */
        sd_bus_slot *call;          /* under way; dropping it cancels it */
        bool asks_history;          /* `call` asks for a deployment that has no object any more */
        sd_event_source *read_soon; /* reads it again after a pause */
        Backoff pauses; /* deployd has come back, and answers DatabaseUnavailable until it is ready */
        sd_event_source *draw;
        sd_bus_slot *output; /* a call under way that asks what a build prints */
        bool no_output;      /* which is for others */
} Follow;

static void follow_clear(Follow *follow)
{
        sd_bus_slot_unref(follow->call);
        sd_bus_slot_unref(follow->output);
        agent_free(follow->agent);
        sd_bus_message_unref(follow->request);
        sd_event_source_disable_unref(follow->read_soon);
        sd_event_source_disable_unref(follow->draw);
        steps_clear(&follow->steps);
        free(follow->path);
        (void) sd_bus_detach_event(follow->bus);
        sd_event_unref(follow->event);
}

static void follow_say_goodbye(const Follow *follow)
{
        if (follow->path)
                say("deployment %" PRIu64 " goes on; follow with: deployctl logs %s -f --deployment %" PRIu64
                    ", end with: deployctl cancel %" PRIu64,
                    follow->deployment->id, follow->app, follow->deployment->id, follow->deployment->id);
        else if (follow->agent)
                say("nothing was done: the password was not given");
        else
                say("deployd has not answered yet; 'deployctl releases %s' shows whether it is queued",
                    follow->app);
}

/* Ends the loop with what is said to be wrong; the first time it is called, as one trouble may be met in
 * many places. */
static int follow_fail(Follow *follow, const sd_bus_error *error, int r)
{
        int status;

        if (follow->failed)
                return 0;
        follow->failed = true;
        steps_hide(&follow->steps);
        status = bus_report(error, r);
        if (status == EXIT_UNREACHABLE && follow->path)
                follow_say_goodbye(follow);
        return sd_event_exit(follow->event, status);
}

static bool follow_is_about(const Follow *follow, const char *path)
{
        return follow->path && path && strcmp(follow->path, path) == 0;
}

static int follow_show(Follow *follow)
{
        const Deployment *deployment = follow->deployment;
        int r = 0;

        if (deployment->status && !deployment_has_ended(deployment)) {
                r = steps_enter(&follow->steps, deployment->status);
                if (r >= 0)
                        r = steps_update(&follow->steps, text_or_empty(deployment->status_text),
                                         deployment->progress);
                if (deployment->settles_at != 0 && follow->on_answers) {
                        steps_hide(&follow->steps);
                        follow->on_answers(follow->app, deployment);
                        follow->on_answers = NULL;
                }
                steps_draw(&follow->steps);
        }
        return r < 0 ? follow_fail(follow, NULL, r) : 0;
}

static int follow_end(Follow *follow)
{
        const char *status = follow->deployment->status;

        steps_end(&follow->steps, strcmp(status, "live") == 0 || strcmp(status, "superseded") == 0, status);
        return sd_event_exit(follow->event, EXIT_DONE);
}

static int follow_on_read(sd_bus_message *reply, void *userdata, sd_bus_error *reterr);

/* Asks for all properties; `ended`: of a deployment that has no object any more. deployd is not started for
 * it: when somebody stopped it, that was meant. */
static int follow_read(Follow *follow, bool ended)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        int r;

        follow->call = sd_bus_slot_unref(follow->call);
        follow->asks_history = ended;
        r = ended ? sd_bus_message_new_method_call(follow->bus, &call, BUS_NAME, BUS_PATH,
                                                   BUS_INTERFACE_MANAGER, "DescribeDeployment")
                  : sd_bus_message_new_method_call(follow->bus, &call, BUS_NAME, follow->path,
                                                   INTERFACE_PROPERTIES, "GetAll");
        if (r >= 0)
                r = sd_bus_message_set_auto_start(call, false);
        if (r >= 0)
                r = ended ? sd_bus_message_append(call, "t", follow->deployment->id)
                          : sd_bus_message_append(call, "s", BUS_INTERFACE_DEPLOYMENT);
        if (r >= 0)
                r = sd_bus_call_async(follow->bus, &follow->call, call, follow_on_read, follow,
                                      CALL_TIMEOUT);
        return r < 0 ? follow_fail(follow, NULL, r) : 0;
}

static bool error_is_unpublished(const sd_bus_error *error)
{
        return sd_bus_error_has_name(error, SD_BUS_ERROR_UNKNOWN_OBJECT) ||
               sd_bus_error_has_name(error, SD_BUS_ERROR_UNKNOWN_INTERFACE) ||
               sd_bus_error_has_name(error, SD_BUS_ERROR_UNKNOWN_METHOD);
}

/* deployd is not ready: what it waits for is said once, and it is asked again after pauses that grow. */
static int follow_read_soon(Follow *follow, const char *reason)
{
        int r;

        if (follow->pauses.n == 0) {
                steps_hide(&follow->steps);
                say("deployd is not ready yet: %s", reason);
                steps_draw(&follow->steps);
        }
        r = sd_event_source_set_time_relative(follow->read_soon, backoff_next(&follow->pauses));
        if (r >= 0)
                r = sd_event_source_set_enabled(follow->read_soon, SD_EVENT_ONESHOT);
        return r < 0 ? follow_fail(follow, NULL, r) : 0;
}

/* Only a whole reading ends the following: a signal may tell of the status before it tells of the reason. */
static int follow_on_read(sd_bus_message *reply, void *userdata, sd_bus_error *reterr _unused_)
{
        const sd_bus_error *error = sd_bus_message_get_error(reply);
        Follow *follow = userdata;
        int r;

        follow->call = sd_bus_slot_unref(follow->call);
        if (error && bus_error_is_passing(error))
                return follow_read_soon(follow, text_or_empty(error->message));
        if (error && error_is_unpublished(error) && !follow->asks_history)
                return follow_read(follow, true);
        if (error)
                return follow_fail(follow, error, 0);

        backoff_reset(&follow->pauses);
        r = deployment_read(follow->deployment, reply);
        if (r >= 0 && !follow->deployment->status)
                r = -EBADMSG;
        if (r < 0)
                return follow_fail(follow, NULL, r);
        return deployment_has_ended(follow->deployment) ? follow_end(follow) : follow_show(follow);
}

static int on_read_soon(sd_event_source *source _unused_, uint64_t time _unused_, void *userdata)
{
        return follow_read(userdata, false);
}

static int on_output(sd_bus_message *reply, void *userdata, sd_bus_error *reterr _unused_)
{
        Follow *follow = userdata;

        follow->output = sd_bus_slot_unref(follow->output);
        follow->no_output = sd_bus_message_is_method_error(reply, NULL);
        if (follow->no_output || deployment_has_ended(follow->deployment))
                return 0;
        return deployment_read(follow->deployment, reply) < 0 ? 0 : follow_show(follow);
}

/* What a build prints is in no property, so nobody tells of it. */
static void follow_ask_output(Follow *follow)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;

        if (follow->output || follow->no_output || !follow->path || !follow->deployment->status ||
            strcmp(follow->deployment->status, "building") != 0)
                return;
        if (deployment_ask_output(follow->bus, follow->deployment->id, &call) < 0 ||
            sd_bus_call_async(follow->bus, &follow->output, call, on_output, follow, CALL_TIMEOUT) < 0)
                follow->no_output = true;
}

static int on_draw(sd_event_source *source, uint64_t time _unused_, void *userdata)
{
        Follow *follow = userdata;
        int r;

        follow_ask_output(follow);
        steps_draw(&follow->steps);
        r = sd_event_source_set_time_relative(source, DRAW_INTERVAL);
        if (r >= 0)
                r = sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
        return r < 0 ? follow_fail(follow, NULL, r) : 0;
}

static int on_deploy(sd_bus_message *reply, void *userdata, sd_bus_error *reterr);

/* Asks for the deployment once more, and a person for a password. */
static int follow_ask(Follow *follow)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *again = NULL;
        int r = agent_new(follow->request, &again, &follow->agent);

        if (r >= 0)
                r = sd_bus_call_async(follow->bus, &follow->call, again, on_deploy, follow,
                                      CALL_TIMEOUT_NONE);
        return r < 0 ? follow_fail(follow, NULL, r) : 0;
}

static int on_deploy(sd_bus_message *reply, void *userdata, sd_bus_error *reterr _unused_)
{
        const sd_bus_error *error = sd_bus_message_get_error(reply);
        Follow *follow = userdata;
        const char *path;
        int r;

        follow->call = sd_bus_slot_unref(follow->call);
        if (error && !follow->agent && agent_can_help(error))
                return follow_ask(follow);
        follow->agent = agent_free(follow->agent);
        if (error)
                return follow_fail(follow, error, 0);
        r = sd_bus_message_read(reply, "to", &follow->deployment->id, &path);
        if (r >= 0)
                r = text_replace(&follow->path, path);
        if (r < 0)
                return follow_fail(follow, NULL, r);
        if (follow->deployment->id == 0)
                return sd_event_exit(follow->event, EXIT_DONE);
        printf("deployment %" PRIu64 " of %s\n", follow->deployment->id, follow->app);
        (void) fflush(stdout);
        return follow_read(follow, false);
}

static int on_properties(sd_bus_message *signal, void *userdata, sd_bus_error *reterr _unused_)
{
        Follow *follow = userdata;
        const char *interface;
        int r;

        if (!follow_is_about(follow, sd_bus_message_get_path(signal)))
                return 0;
        r = sd_bus_message_read(signal, "s", &interface);
        if (r < 0 || strcmp(interface, BUS_INTERFACE_DEPLOYMENT) != 0)
                return r < 0 ? follow_fail(follow, NULL, r) : 0;
        r = deployment_read(follow->deployment, signal);
        if (r < 0)
                return follow_fail(follow, NULL, r);
        return deployment_has_ended(follow->deployment) ? follow_read(follow, false) : follow_show(follow);
}

/* DeploymentFinished, InterfacesAdded, InterfacesRemoved: reasons to read it again. */
static int on_hint(sd_bus_message *signal, void *userdata, sd_bus_error *reterr _unused_)
{
        Follow *follow = userdata;
        const char *path;
        uint64_t id;
        int r;

        if (sd_bus_message_is_signal(signal, BUS_INTERFACE_MANAGER, NULL)) {
                r = sd_bus_message_read(signal, "to", &id, &path);
        } else
                r = sd_bus_message_read(signal, "o", &path);
        if (r < 0)
                return follow_fail(follow, NULL, r);
        return follow_is_about(follow, path) ? follow_read(follow, false) : 0;
}

static int follow_on_owner(sd_bus_message *signal, void *userdata, sd_bus_error *reterr _unused_)
{
        Follow *follow = userdata;
        const char *owner;
        int r = sd_bus_message_read(signal, "sss", NULL, NULL, &owner);

        if (r < 0)
                return follow_fail(follow, NULL, r);
        if (!follow->path) /* the call itself tells of it */
                return 0;
        if (owner[0])
                return follow_read(follow, false);
        follow->call = sd_bus_slot_unref(follow->call);
        steps_hide(&follow->steps);
        say("deployd went away; waiting for it to come back");
        steps_draw(&follow->steps);
        r = sd_event_source_set_enabled(follow->read_soon, SD_EVENT_OFF);
        return r < 0 ? follow_fail(follow, NULL, r) : 0;
}

static int follow_on_disconnect(sd_bus_message *signal _unused_, void *userdata,
                                sd_bus_error *reterr _unused_)
{
        return follow_fail(userdata, NULL, -ENOTCONN);
}

static int follow_on_interrupt(sd_event_source *source _unused_,
                               const struct signalfd_siginfo *info _unused_, void *userdata)
{
        Follow *follow = userdata;

        steps_hide(&follow->steps);
        follow_say_goodbye(follow);
        return sd_event_exit(follow->event, EXIT_INTERRUPTED);
}

static const Subscription subscriptions[] = {
        { MATCH_DEPLOYMENT, on_properties },
        { MATCH_FINISHED, on_hint },
        { MATCH_OBJECTS, on_hint },
        { MATCH_OWNER, follow_on_owner },
        { MATCH_DISCONNECTED, follow_on_disconnect },
};

static int follow_begin(Follow *follow, sd_bus_message *call)
{
        int r = watch_begin(follow->bus, follow_on_interrupt, follow, &follow->event);

        if (r >= 0)
                r = sd_event_add_time_relative(follow->event, &follow->draw, CLOCK_MONOTONIC, DRAW_INTERVAL,
                                               DRAW_ACCURACY, on_draw, follow);
        if (r >= 0)
                r = sd_event_add_time(follow->event, &follow->read_soon, CLOCK_MONOTONIC, 0, 0, on_read_soon,
                                      follow);
        if (r >= 0)
                r = sd_event_source_set_enabled(follow->read_soon, SD_EVENT_OFF);
        if (r >= 0)
                r = watch_subscribe(follow->bus, subscriptions, ELEMENTSOF(subscriptions), follow);
        follow->request = sd_bus_message_ref(call);
        if (r >= 0)
                r = sd_bus_call_async(follow->bus, &follow->call, call, on_deploy, follow, CALL_TIMEOUT);
        return r;
}

int deployment_follow(sd_bus *bus, sd_bus_message *call, const char *app,
                      void (*on_answers)(const char *app, const Deployment *deployment), Deployment *ret)
{
        _cleanup_(follow_clear) Follow follow = {
                .bus = bus, .app = app, .deployment = ret, .on_answers = on_answers, .pauses = BACKOFF_INIT
        };
        int r;

        ret->progress = -1;
        r = follow_begin(&follow, call);
        if (r >= 0)
                r = sd_event_loop(follow.event);
        return r < 0 ? bus_report(NULL, r) : r;
}

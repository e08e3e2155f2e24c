/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/removal.h"

#include <errno.h>
#include <string.h>
#include <sys/signalfd.h>
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "cli/agent.h"
#include "cli/bus.h"
#include "cli/verb.h"
#include "cli/watch.h"

/* A wait that takes longer is explained. */
#define SILENCE_MAX (2 * USEC_PER_SEC)

#define SILENCE_ACCURACY (100 * USEC_PER_MSEC)

#define MATCH_REMOVED                                                           \
        "type='signal',sender='" BUS_NAME "',interface='" BUS_INTERFACE_MANAGER \
        "',member='AppRemoved',path='" BUS_PATH "'"

typedef struct Removal {
        sd_event *event;
        sd_bus *bus;
        const char *name;
        bool committed; /* deployd has replied: it cannot be stopped any more */
        bool gone;      /* nothing of the app runs any more */
        bool failed;
        uint64_t *id;
        sd_bus_message *request; /* what the removal is asked for by */
        Agent *agent;            /* while a person is asked for a password */
        sd_bus_slot *call;       /* under way; dropping it cancels it */
        sd_event_source *explain;
} Removal;

static void removal_clear(Removal *removal)
{
        sd_bus_slot_unref(removal->call);
        agent_free(removal->agent);
        sd_bus_message_unref(removal->request);
        sd_event_source_disable_unref(removal->explain);
        (void) sd_bus_detach_event(removal->bus);
        sd_event_unref(removal->event);
}

/* The first trouble ends the loop. */
static int removal_fail(Removal *removal, const sd_bus_error *error, int r)
{
        if (removal->failed)
                return 0;
        removal->failed = true;
        return sd_event_exit(removal->event, bus_report(error, r));
}

static int removal_end(Removal *removal)
{
        return removal->committed && removal->gone ? sd_event_exit(removal->event, EXIT_DONE) : 0;
}

static int removal_on_reply(sd_bus_message *reply, void *userdata, sd_bus_error *reterr);

/* Asks for the removal once more, and a person for a password. */
static int removal_ask(Removal *removal)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *again = NULL;
        int r = agent_new(removal->request, &again, &removal->agent);

        if (r >= 0)
                r = sd_bus_call_async(removal->bus, &removal->call, again, removal_on_reply, removal,
                                      CALL_TIMEOUT_NONE);
        return r < 0 ? removal_fail(removal, NULL, r) : 0;
}

static int removal_on_reply(sd_bus_message *reply, void *userdata, sd_bus_error *reterr _unused_)
{
        const sd_bus_error *error = sd_bus_message_get_error(reply);
        Removal *removal = userdata;
        int r;

        removal->call = sd_bus_slot_unref(removal->call);
        if (error && !removal->agent && agent_can_help(error))
                return removal_ask(removal);
        removal->agent = agent_free(removal->agent);
        if (error)
                return removal_fail(removal, error, 0);
        removal->committed = true;
        r = sd_event_source_set_time_relative(removal->explain, SILENCE_MAX);
        if (r >= 0)
                r = sd_event_source_set_enabled(removal->explain, SD_EVENT_ONESHOT);
        return r < 0 ? removal_fail(removal, NULL, r) : removal_end(removal);
}

static int removal_on_removed(sd_bus_message *signal, void *userdata, sd_bus_error *reterr _unused_)
{
        Removal *removal = userdata;
        const char *name;
        uint64_t id;
        int r = sd_bus_message_read(signal, "ts", &id, &name);

        if (r < 0)
                return removal_fail(removal, NULL, r);
        if (strcmp(name, removal->name) != 0)
                return 0;
        removal->gone = true;
        *removal->id = id;
        return removal_end(removal);
}

static int on_explain(sd_event_source *source _unused_, uint64_t time _unused_, void *userdata)
{
        const Removal *removal = userdata;

        say("%s is removed; waiting until its last instances have ended", removal->name);
        return 0;
}

static int removal_on_owner(sd_bus_message *signal, void *userdata, sd_bus_error *reterr _unused_)
{
        Removal *removal = userdata;
        const char *owner;
        int r = sd_bus_message_read(signal, "sss", NULL, NULL, &owner);

        if (r < 0)
                return removal_fail(removal, NULL, r);
        if (owner[0] || !removal->committed || removal->failed) /* else the call itself tells of it */
                return 0;
        removal->failed = true;
        say("deployd went away: %s is removed, and deployd ends its last instances when it is back; see "
            "'systemctl status deployd'",
            removal->name);
        return sd_event_exit(removal->event, EXIT_UNREACHABLE);
}

static int removal_on_disconnect(sd_bus_message *signal _unused_, void *userdata,
                                 sd_bus_error *reterr _unused_)
{
        return removal_fail(userdata, NULL, -ENOTCONN);
}

static int removal_on_interrupt(sd_event_source *source _unused_,
                                const struct signalfd_siginfo *info _unused_, void *userdata)
{
        const Removal *removal = userdata;

        if (removal->committed)
                say("the removal of %s goes on: deployd ends its last instances", removal->name);
        else if (removal->agent)
                say("nothing was done: the password was not given");
        else
                say("deployd has not answered yet; 'deployctl app list' shows whether %s is removed",
                    removal->name);
        return sd_event_exit(removal->event, EXIT_INTERRUPTED);
}

static const Subscription subscriptions[] = {
        { MATCH_REMOVED, removal_on_removed },
        { MATCH_OWNER, removal_on_owner },
        { MATCH_DISCONNECTED, removal_on_disconnect },
};

/* Subscribes before it asks, so nothing can be missed. */
static int removal_begin(Removal *removal, const char *path, bool force)
{
        int r = watch_begin(removal->bus, removal_on_interrupt, removal, &removal->event);

        if (r >= 0)
                r = sd_event_add_time(removal->event, &removal->explain, CLOCK_MONOTONIC, 0,
                                      SILENCE_ACCURACY, on_explain, removal);
        if (r >= 0)
                r = sd_event_source_set_enabled(removal->explain, SD_EVENT_OFF);
        if (r >= 0)
                r = watch_subscribe(removal->bus, subscriptions, ELEMENTSOF(subscriptions), removal);
        if (r >= 0)
                r = sd_bus_message_new_method_call(removal->bus, &removal->request, BUS_NAME, path,
                                                   BUS_INTERFACE_APP, "Remove");
        if (r >= 0)
                r = sd_bus_message_append(removal->request, "b", force);
        if (r >= 0)
                r = sd_bus_call_async(removal->bus, &removal->call, removal->request, removal_on_reply,
                                      removal, CALL_TIMEOUT);
        return r;
}

int removal_run(sd_bus *bus, const char *name, const char *path, bool force, uint64_t *ret_id)
{
        _cleanup_(removal_clear) Removal removal = { .bus = bus, .name = name, .id = ret_id };
        int r = removal_begin(&removal, path, force);

        if (r >= 0)
                r = sd_event_loop(removal.event);
        return r < 0 ? bus_report(NULL, r) : r;
}

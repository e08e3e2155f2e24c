/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/instances/ports.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "daemon/model/holder.h"

/* Nothing tells that a socket was bound. To count all of them takes less than a millisecond for each 1000.
 */
#define WATCH_PAUSE_USEC (3 * USEC_PER_SEC)

/* One question about the whole range, which the probe answers in several parts. */
typedef struct PortsAsk {
        Pipeline *pipeline;
        PortRange range; /* as it is configured when it is asked for */
        unsigned next;   /* what is asked about next */
        ProbeWait *wait;
        sd_event_source *later;
        uint64_t *held;
        size_t n_held;
        PortsKnown done;
        void (*drop)(void *userdata);
        void *userdata;
        LIST_FIELDS(struct PortsAsk, asks);
} PortsAsk;

/* Looks for instances with too many. */
typedef struct PortsWatch {
        Pipeline *pipeline;
        sd_event_source *timer;
        ProbeWait *wait;
        UnitCall *call;
        uint64_t after; /* the control group that was looked at last */
} PortsWatch;

static void ask_free(PortsAsk *ask)
{
        LIST_REMOVE(asks, ask->pipeline->ports_asks, ask);
        probe_wait_free(ask->wait);
        sd_event_source_disable_unref(ask->later);
        free(ask->held);
        free(ask);
}

static void ask_finish(PortsAsk *ask)
{
        PortsKnown done = ask->done;
        void *userdata = ask->userdata;
        uint64_t *held = TAKE_PTR(ask->held);
        size_t n_held = ask->n_held;

        ask_free(ask);
        done(userdata, held, n_held);
        free(held);
}

/* Each digit has four ports, the lowest in the highest bit. */
static void note_held(PortsAsk *ask, unsigned first, const char *digits)
{
        static const char values[] = "0123456789abcdef";

        for (size_t i = 0; digits[i]; i++) {
                const char *value = strchr(values, digits[i]);

                for (unsigned bit = 0; value && bit < 4; bit++) {
                        unsigned port = first + (unsigned) i * 4 + bit;

                        if ((value - values) & (8 >> bit) && port <= ask->range.high)
                                ask->held[ask->n_held++] = port;
                }
        }
}

static void ask_next(PortsAsk *ask);

static void on_held(void *userdata, const ProbeAnswer *answer)
{
        PortsAsk *ask = userdata;

        ask->wait = probe_wait_free(ask->wait);
        if (answer->result == PROBE_HELD)
                note_held(ask, ask->next, answer->text);
        else
                log_debug("Which ports are held is not known: %s", answer->text);
        ask->next += PROBE_BUSY_PORTS;
        if (answer->result == PROBE_HELD && ask->next <= ask->range.high)
                ask_next(ask);
        else
                ask_finish(ask);
}

static int ports_on_later(_unused_ sd_event_source *source, void *userdata)
{
        ask_finish(userdata);
        return 0;
}

static void ask_next(PortsAsk *ask)
{
        if (probe_ask_busy(ask->pipeline->params.probe, (uint16_t) ask->next, on_held, ask, &ask->wait) >= 0)
                return;
        if (sd_event_add_defer(ask->pipeline->params.event, &ask->later, ports_on_later, ask) < 0)
                pipeline_oom(ask->pipeline);
}

int ports_ask(Pipeline *pipeline, PortsKnown done, void (*drop)(void *userdata), void *userdata)
{
        const PortRange *range;
        PortsAsk *ask;

        assert(pipeline);
        assert(done);
        assert(drop);

        range = &pipeline_config(pipeline)->port_range;
        ask = calloc(1, sizeof(PortsAsk));
        if (!ask)
                return -ENOMEM;
        *ask = (PortsAsk){ .pipeline = pipeline,
                           .range = *range,
                           .next = range->low,
                           .done = done,
                           .drop = drop,
                           .userdata = userdata };
        ask->held = calloc((size_t) (range->high - range->low) + 1, sizeof(uint64_t));
        if (!ask->held) {
                free(ask);
                return -ENOMEM;
        }
        LIST_PREPEND(asks, pipeline->ports_asks, ask);
        ask_next(ask);
        return 0;
}

static void ports_look_after(PortsWatch *watch, uint64_t pause)
{
        if (sd_event_source_set_time_relative(watch->timer, pause) >= 0)
                (void) sd_event_source_set_enabled(watch->timer, SD_EVENT_ONESHOT);
}

static void ports_on_killed(void *userdata, int error, const char *sentence)
{
        PortsWatch *watch = userdata;

        watch->call = NULL;
        if (error < 0)
                log_warning("An instance that holds too many ports could not be killed: %s",
                            text_or_empty(sentence));
        ports_look_after(watch, 0);
}

/* As the kernel does with one that needs too much memory. */
static void end_instance(PortsWatch *watch, const Instance *instance, unsigned count)
{
        const App *app = instance->deployment->app;
        _cleanup_free_ char *process = instance_dyno(instance);
        int r;

        log_line(LOG_WARNING, NULL,
                 &(LogSubject){ .app = app->name,
                                .deployment = instance->deployment->id,
                                .process = text_or_empty(process) },
                 "%s of %s holds %u ports and is killed: app-ports-max allows %u", text_or_empty(process),
                 app->name, count, (unsigned) pipeline_config(watch->pipeline)->app_ports_max);
        r = watch->pipeline->engine->kill(watch->pipeline->units, instance->unit, ports_on_killed, watch,
                                          &watch->call);
        if (r < 0)
                ports_on_killed(watch, r, strerror(-r));
}

static void on_crowd(void *userdata, const ProbeAnswer *answer)
{
        PortsWatch *watch = userdata;
        const Instance *instance;

        watch->wait = probe_wait_free(watch->wait);
        if (answer->result != PROBE_CROWDED) {
                watch->after = 0;
                ports_look_after(watch, WATCH_PAUSE_USEC);
                return;
        }
        watch->after = answer->cgroup_id;
        instance = holder_find(watch->pipeline->model, answer->cgroup_id);
        if (instance)
                end_instance(watch, instance, answer->number);
        else
                ports_look_after(watch, 0);
}

static int ports_on_look(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
        PortsWatch *watch = userdata;
        uint64_t max = pipeline_config(watch->pipeline)->app_ports_max;

        if (probe_ask_crowd(watch->pipeline->params.probe, (uint16_t) max, watch->after, on_crowd, watch,
                            &watch->wait) < 0)
                ports_look_after(watch, WATCH_PAUSE_USEC);
        return 0;
}

int ports_watch(Pipeline *pipeline)
{
        PortsWatch *watch;
        int r;

        assert(pipeline && !pipeline->ports_watch);

        watch = calloc(1, sizeof(PortsWatch));
        if (!watch)
                return -ENOMEM;
        watch->pipeline = pipeline;
        r = sd_event_add_time_relative(pipeline->params.event, &watch->timer, CLOCK_MONOTONIC,
                                       WATCH_PAUSE_USEC, 0, ports_on_look, watch);
        if (r < 0) {
                free(watch);
                return r;
        }
        pipeline->ports_watch = watch;
        return 0;
}

void ports_free(Pipeline *pipeline)
{
        PortsWatch *watch = pipeline->ports_watch;

        while (pipeline->ports_asks) {
                PortsAsk *ask = pipeline->ports_asks;
                void (*drop)(void *userdata) = ask->drop;
                void *userdata = ask->userdata;

                ask_free(ask);
                drop(userdata);
        }
        if (!watch)
                return;
        probe_wait_free(watch->wait);
        pipeline->engine->call_free(watch->call);
        sd_event_source_disable_unref(watch->timer);
        free(watch);
        pipeline->ports_watch = NULL;
}

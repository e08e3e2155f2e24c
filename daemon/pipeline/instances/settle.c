/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/instances/settle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/text.h"
#include "daemon/pipeline/instances/readiness.h"

/* Nothing signals that a program has closed its listening socket: it is looked at after pauses that grow. */
#define PAUSE_MIN_USEC (100 * USEC_PER_MSEC)
#define PAUSE_MAX_USEC (1 * USEC_PER_SEC)

/* A look at one instance. */
typedef struct SettleLook {
        Settle *settle;
        const Instance *instance;
        ProbeWait *wait; /* NULL = it has passed */
} SettleLook;

struct Settle {
        Pipeline *pipeline;
        Deployment *deployment;
        const SettleHandler *handler;
        uint64_t until; /* CLOCK_MONOTONIC microseconds */
        Backoff pauses;
        sd_event_source *pause;
        bool last; /* the look is the one at the end */
        size_t n;  /* of looks: one for each instance with a port */
        SettleLook looks[];
};

Settle *settle_free(Settle *settle)
{
        if (!settle)
                return NULL;
        for (size_t i = 0; i < settle->n; i++)
                probe_wait_free(settle->looks[i].wait);
        sd_event_source_disable_unref(settle->pause);
        free(settle);
        return NULL;
}

static bool is_looking(const Settle *settle)
{
        for (size_t i = 0; i < settle->n; i++)
                if (settle->looks[i].wait)
                        return true;
        return false;
}

static int on_pause(sd_event_source *source, uint64_t usec, void *userdata);

static void settle_look_after(Settle *settle, uint64_t usec)
{
        settle->pause = sd_event_source_disable_unref(settle->pause);
        if (sd_event_add_time_relative(settle->pipeline->params.event, &settle->pause, CLOCK_MONOTONIC, usec,
                                       0, on_pause, settle) < 0)
                pipeline_fatal(settle->pipeline, "a timer could not be set");
}

/* All have passed. */
static void settle_go_on(Settle *settle)
{
        uint64_t now = clock_usec(CLOCK_MONOTONIC);

        if (settle->last || settle->n == 0)
                return settle->handler->passed(settle->pipeline, settle->deployment);
        settle->last = now >= settle->until;
        settle_look_after(settle,
                          settle->last ? 0 : MIN2(backoff_next(&settle->pauses), settle->until - now));
}

static void settle_on_looked(void *userdata, const ProbeAnswer *answer)
{
        SettleLook *look = userdata;
        Settle *settle = look->settle;
        _cleanup_free_ char *sentence = NULL;

        look->wait = probe_wait_free(look->wait);
        if (answer->result == PROBE_LISTENING) {
                if (!is_looking(settle))
                        settle_go_on(settle);
                return;
        }
        sentence = readiness_describe_again(settle->pipeline, look->instance, answer);
        settle->handler->failed(settle->pipeline, settle->deployment, text_or_empty(sentence));
}

/* Whether it still listens; at the end, whether it is still fit. */
static int on_pause(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
        Settle *settle = userdata;
        int r = 0;

        settle->last = settle->last || clock_usec(CLOCK_MONOTONIC) >= settle->until;
        for (size_t i = 0; r >= 0 && i < settle->n; i++) {
                SettleLook *look = &settle->looks[i];

                r = readiness_again(settle->pipeline, look->instance, look->instance->control_group_id,
                                    settle->last ? CHECK_FITNESS : CHECK_LISTENER, settle_on_looked, look,
                                    &look->wait);
        }
        /* Others are looked at: as if this look had not been due yet. */
        if (r == -EBUSY) {
                settle->last = false;
                if (!is_looking(settle))
                        settle_look_after(settle, backoff_next(&settle->pauses));
                return 0;
        }
        if (r < 0) {
                _cleanup_free_ char *sentence = text_format("it could not be watched: %s", strerror(-r));

                settle->handler->failed(settle->pipeline, settle->deployment, text_or_empty(sentence));
        }
        return 0;
}

int settle_new(Pipeline *pipeline, Deployment *deployment, const SettleHandler *handler, Settle **ret)
{
        const Instance *instance;
        Settle *settle;
        size_t n = 0;

        assert(pipeline);
        assert(deployment);
        assert(handler);
        assert(ret);

        LIST_FOREACH (instances, instance, deployment->instances)
                n += instance->port != 0;
        settle = calloc(1, sizeof(Settle) + n * sizeof(SettleLook));
        if (!settle)
                return -ENOMEM;
        *settle = (Settle){
                .pipeline = pipeline,
                .deployment = deployment,
                .handler = handler,
                .until = clock_usec(CLOCK_MONOTONIC) + readiness_settle_usec(pipeline, deployment),
                .pauses = { .first_usec = PAUSE_MIN_USEC, .max_usec = PAUSE_MAX_USEC },
        };
        LIST_FOREACH (instances, instance, deployment->instances)
                if (instance->port != 0)
                        settle->looks[settle->n++] = (SettleLook){ .settle = settle, .instance = instance };
        *ret = settle;
        settle_go_on(settle);
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/instances/elsewhere.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

/* Most programs listen within this time, and are never asked about. */
#define LOOK_PAUSE_USEC (500 * USEC_PER_MSEC)

/* Programs open the ports of their administration a few seconds before their own, with a migration or the
 * filling of a cache between at the worst. The time that an administrator gives slow programs,
 * start-timeout, is given them in part: 15 of 60 seconds. It begins again with each address that comes or
 * goes, since what opens ports is still at its start. */
#define PATIENCE_SHARE 4

struct Elsewhere {
        const Pipeline *pipeline;
        const Instance *instance;
        sd_event_source *timer;
        ProbeWait *ask;
        char *addresses;
        uint64_t since; /* CLOCK_MONOTONIC microseconds: when these were first seen */
        ElsewhereSeen seen;
        void *userdata;
};

Elsewhere *elsewhere_free(Elsewhere *elsewhere)
{
        if (!elsewhere)
                return NULL;
        sd_event_source_disable_unref(elsewhere->timer);
        probe_wait_free(elsewhere->ask);
        free(elsewhere->addresses);
        free(elsewhere);
        return NULL;
}

const char *elsewhere_addresses(const Elsewhere *elsewhere)
{
        return elsewhere ? elsewhere->addresses : NULL;
}

static int elsewhere_plan(Elsewhere *elsewhere);

static void elsewhere_on_answer(void *userdata, const ProbeAnswer *answer)
{
        Elsewhere *elsewhere = userdata;
        const char *addresses = answer->result == PROBE_LISTENS_ELSEWHERE ? answer->text : NULL;
        /* What the helper does not know says nothing. */
        bool known = addresses || answer->result == PROBE_FREE;
        bool other = known && strcmp(text_or_empty(addresses), text_or_empty(elsewhere->addresses)) != 0;
        bool lasts;
        uint64_t now = clock_usec(CLOCK_MONOTONIC);

        elsewhere->ask = probe_wait_free(elsewhere->ask);
        if (other)
                elsewhere->since = now;
        if (other && text_replace(&elsewhere->addresses, addresses) < 0)
                return pipeline_oom(elsewhere->pipeline);
        lasts = elsewhere->addresses &&
                now - elsewhere->since >=
                        pipeline_config(elsewhere->pipeline)->start_timeout / PATIENCE_SHARE;
        if (!lasts && elsewhere_plan(elsewhere) < 0)
                return pipeline_oom(elsewhere->pipeline);
        if (lasts || other)
                elsewhere->seen(elsewhere->userdata, elsewhere->addresses, lasts);
}

static int elsewhere_look(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
        Elsewhere *elsewhere = userdata;
        int r;

        elsewhere->timer = sd_event_source_disable_unref(elsewhere->timer);
        r = probe_ask_elsewhere(elsewhere->pipeline->params.probe, elsewhere->instance->port,
                                elsewhere->instance->control_group_id, elsewhere_on_answer, elsewhere,
                                &elsewhere->ask);
        if (r == -EBUSY)
                r = elsewhere_plan(elsewhere);
        if (r < 0)
                pipeline_oom(elsewhere->pipeline);
        return 0;
}

static int elsewhere_plan(Elsewhere *elsewhere)
{
        return sd_event_add_time_relative(elsewhere->pipeline->params.event, &elsewhere->timer,
                                          CLOCK_MONOTONIC, LOOK_PAUSE_USEC, 0, elsewhere_look, elsewhere);
}

int elsewhere_begin(const Pipeline *pipeline, const Instance *instance, ElsewhereSeen seen, void *userdata,
                    Elsewhere **ret)
{
        Elsewhere *elsewhere = calloc(1, sizeof(Elsewhere));

        assert(pipeline);
        assert(instance);
        assert(seen);
        assert(ret);

        if (!elsewhere)
                return -ENOMEM;
        *elsewhere = (Elsewhere){
                .pipeline = pipeline,
                .instance = instance,
                .seen = seen,
                .userdata = userdata,
        };
        if (elsewhere_plan(elsewhere) < 0) {
                elsewhere_free(elsewhere);
                return -ENOMEM;
        }
        *ret = elsewhere;
        return 0;
}

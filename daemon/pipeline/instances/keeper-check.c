/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "daemon/pipeline/instances/app-health.h"
#include "daemon/pipeline/instances/keeper-internal.h"
#include "daemon/pipeline/instances/readiness.h"
#include "daemon/pipeline/instances/route.h"

/* Whether an instance is fit for requests: when it starts, and again as long as it is live and not fit. */

/* After it a check that found no room is begun again: each of the others ends after start-timeout. */
#define ROOM_PAUSE_USEC USEC_PER_SEC

static void keeper_check_pass(Keeper *keeper)
{
        Deployment *deployment = keeper->instance->deployment;

        keeper->instance->fit = true;
        keeper->unfit = false;
        backoff_reset(&keeper->rechecks);
        if (deployment->status == DEPLOYMENT_CHECKING || deployment->status == DEPLOYMENT_SWITCHING)
                return keeper->pipeline->instance_events->fit(keeper->pipeline, deployment);
        route_open_live(keeper->instance);
        ingress_poll(keeper->pipeline->params.ingress);
        app_health_judge(keeper->pipeline, deployment);
        keeper_tell_changed(keeper);
}

void keeper_close(Keeper *keeper)
{
        Instance *instance = keeper->instance;

        assert(keeper);

        instance->fit = keeper->unfit = false;
        keeper->wait = probe_wait_free(keeper->wait);
        keeper->elsewhere = elsewhere_free(keeper->elsewhere);
        keeper->settle = sd_event_source_disable_unref(keeper->settle);
        keeper->recheck = sd_event_source_disable_unref(keeper->recheck);
        if (instance->port == 0 || instance->route == ROUTE_NONE)
                return;
        instance_set_route(instance, ROUTE_NONE, pipeline_config(keeper->pipeline)->drain_timeout);
        ingress_shut(keeper->pipeline->params.ingress, instance);
}

static int keeper_check_on_pause(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
        Keeper *keeper = userdata;

        keeper->recheck = sd_event_source_disable_unref(keeper->recheck);
        if (keeper->running && !keeper->instance->leaving)
                keeper_check(keeper);
        return 0;
}

/* A live instance that is not fit for requests may become so: it is checked again, after pauses that grow,
 * as long as it runs. */
static void keeper_check_later(Keeper *keeper)
{
        uint64_t pause = backoff_next(&keeper->rechecks);

        if (!keeper->recheck &&
            sd_event_add_time_relative(keeper->pipeline->params.event, &keeper->recheck, CLOCK_MONOTONIC,
                                       pause, 0, keeper_check_on_pause, keeper) < 0)
                pipeline_oom(keeper->pipeline);
}

/* Takes the sentence. */
static void keeper_check_refuse(Keeper *keeper, char *sentence)
{
        _cleanup_free_ char *text = sentence;
        Deployment *deployment = keeper->instance->deployment;

        if (deployment->status != DEPLOYMENT_LIVE) {
                keeper_fail(keeper, "%s", text_or_empty(text));
                return;
        }
        if (!keeper->unfit)
                log_warning("%s gets no requests, and is checked again: %s", keeper->instance->unit,
                            text_or_empty(text));
        keeper_close(keeper);
        keeper->unfit = true;
        keeper_check_later(keeper);
        app_health_judge(keeper->pipeline, deployment);
        keeper_tell_changed(keeper);
}

static void keeper_check_on_probed(void *userdata, const ProbeAnswer *answer)
{
        Keeper *keeper = userdata;

        _cleanup_free_ char *sentence =
                answer->result == PROBE_LISTENING
                        ? NULL
                        : readiness_describe(keeper->pipeline, keeper->instance, answer,
                                             elsewhere_addresses(keeper->elsewhere));

        keeper->wait = probe_wait_free(keeper->wait);
        keeper->elsewhere = elsewhere_free(keeper->elsewhere);
        if (answer->result == PROBE_LISTENING)
                keeper_check_pass(keeper);
        else
                keeper_check_refuse(keeper, TAKE_PTR(sentence));
}

/* It listens elsewhere than on its port. That is told at once, since it is a mistake more often than a port
 * that it opens first, and fails the check when nothing follows. */
static void keeper_check_on_elsewhere(void *userdata, const char *addresses, bool lasts)
{
        Keeper *keeper = userdata;
        const Deployment *deployment = keeper->instance->deployment;
        LogSubject subject = { .app = deployment->app->name, .deployment = deployment->id };
        _cleanup_free_ char *sentence = NULL;

        if (lasts) {
                static const ProbeAnswer answer = { .result = PROBE_TIMEOUT };

                return keeper_check_on_probed(keeper, &answer);
        }
        sentence = readiness_describe_awaited(keeper->instance, addresses);
        if (!sentence || deployment->status == DEPLOYMENT_LIVE)
                return;
        if (addresses)
                log_line(LOG_NOTICE, NULL, &subject, "Deployment %llu of %s: %s",
                         (unsigned long long) deployment->id, deployment->app->name, sentence);
        keeper->pipeline->instance_events->awaits(keeper->pipeline, keeper->instance->deployment, sentence);
}

static int keeper_check_on_settled(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
        Keeper *keeper = userdata;

        keeper->settle = sd_event_source_disable_unref(keeper->settle);
        keeper_check_pass(keeper);
        return 0;
}

static int keeper_check_on_room(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
        Keeper *keeper = userdata;

        keeper->settle = sd_event_source_disable_unref(keeper->settle);
        keeper_check(keeper);
        return 0;
}

void keeper_check(Keeper *keeper)
{
        int r;

        assert(keeper);

        if (keeper->wait || keeper->settle || keeper->instance->fit)
                return;
        if (keeper->instance->port == 0)
                r = sd_event_add_time_relative(
                        keeper->pipeline->params.event, &keeper->settle, CLOCK_MONOTONIC,
                        readiness_settle_usec(keeper->pipeline, keeper->instance->deployment), 0,
                        keeper_check_on_settled, keeper);
        else
                r = readiness_begin(keeper->pipeline, keeper->instance, keeper->instance->control_group_id,
                                    keeper_check_on_probed, keeper, &keeper->wait);
        if (keeper->wait && r >= 0)
                r = elsewhere_begin(keeper->pipeline, keeper->instance, keeper_check_on_elsewhere, keeper,
                                    &keeper->elsewhere);
        /* Too many others are looked at, which says nothing about this one. */
        if (r == -EBUSY)
                r = sd_event_add_time_relative(keeper->pipeline->params.event, &keeper->settle,
                                               CLOCK_MONOTONIC, ROOM_PAUSE_USEC, 0, keeper_check_on_room,
                                               keeper);
        if (r < 0)
                keeper_check_refuse(keeper,
                                    text_format("%s.%u could not be checked: %s", keeper->instance->process,
                                                keeper->instance->number, strerror(-r)));
}

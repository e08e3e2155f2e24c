/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/instances/rolling-restart.h"

#include "base/log.h"
#include "daemon/pipeline/instances/keeper.h"
#include "daemon/pipeline/instances/route.h"

/* Whether the one whose turn it is has come up again. Positive: it has; 0: not yet; negative: it does not.
 */
static int look_at(const Instance *instance)
{
        const Keeper *keeper = instance->keeper;

        if (instance->by_hand || instance->given_up || !keeper || keeper->failed || keeper->unfit)
                return -1;
        return keeper->running && !sd_id128_equal(keeper->invocation, instance->restarted_from) &&
               (instance->port == 0 || (instance->fit && instance->routed == ROUTE_READY));
}

static void give_up(Deployment *deployment, const Instance *failed)
{
        Instance *instance;

        log_warning("%s does not come up again: the others of %s are not restarted", failed->unit,
                    deployment->app->name);
        LIST_FOREACH (instances, instance, deployment->instances)
                instance->restart = RESTART_NOT;
}

static void rolling_restart_restart(Pipeline *pipeline, Instance *instance)
{
        Keeper *keeper = instance->keeper;

        instance->restart = RESTART_NOW;
        instance->restarted_from = keeper ? keeper->invocation : SD_ID128_NULL;
        if (keeper) {
                keeper->drain = sd_event_source_disable_unref(keeper->drain);
                instance->fit = false;
        }
        keeper_bring_up(pipeline, instance);
        model_changed_app(pipeline->model, instance->deployment->app);
}

static int rolling_restart_on_deadline(_unused_ sd_event_source *source, _unused_ uint64_t usec,
                                       void *userdata)
{
        Keeper *keeper = userdata;

        rolling_restart_restart(keeper->pipeline, keeper->instance);
        return 0;
}

/* Whether requests find another one while this one is away. */
static bool is_alone(const Instance *instance)
{
        const Instance *other;

        LIST_FOREACH (instances, other, instance->deployment->instances)
                if (other != instance && !other->leaving && other->route == ROUTE_READY &&
                    other->routed == ROUTE_READY)
                        return false;
        return true;
}

/* Out of the way of requests first. New ones wait for the only one; those that it has, it may finish while
 * it stops. */
static void rolling_restart_begin(Pipeline *pipeline, Instance *instance)
{
        Keeper *keeper = instance->keeper;
        bool alone = is_alone(instance);
        int r;

        if (!keeper || !keeper->running || instance->port == 0)
                return rolling_restart_restart(pipeline, instance);
        keeper->drain = sd_event_source_disable_unref(keeper->drain);
        if (alone) {
                instance_set_route(instance, ROUTE_DRAINING, 0);
                r = route_wait_closed(pipeline, rolling_restart_on_deadline, keeper, &keeper->drain);
        } else
                r = route_drain(pipeline, instance->deployment, instance, rolling_restart_on_deadline,
                                keeper, &keeper->drain);
        if (r < 0)
                return pipeline_fatal(pipeline, "a timer could not be set");
        instance->restart = alone ? RESTART_CLOSES : RESTART_DRAINS;
        model_changed_app(pipeline->model, instance->deployment->app);
        ingress_poll(pipeline->params.ingress);
}

void rolling_restart_poll(Pipeline *pipeline, Deployment *deployment)
{
        Instance *instance, *first = NULL;

        assert(pipeline);
        assert(deployment);

        LIST_FOREACH (instances, instance, deployment->instances) {
                int r;

                if (instance->restart == RESTART_WAITS && !first)
                        first = instance;
                if (instance->restart == RESTART_DRAINS || instance->restart == RESTART_CLOSES) {
                        if (instance->routed == ROUTE_NONE ||
                            (instance->restart == RESTART_CLOSES && instance->routed == ROUTE_DRAINING))
                                rolling_restart_restart(pipeline, instance);
                        return;
                }
                if (instance->restart != RESTART_NOW)
                        continue;
                r = look_at(instance);
                if (r == 0)
                        return;
                instance->restart = RESTART_NOT;
                if (r < 0)
                        return give_up(deployment, instance);
        }
        if (first)
                rolling_restart_begin(pipeline, first);
}

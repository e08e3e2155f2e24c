/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/instances/route.h"

#include "base/clock.h"

/* When the time is over the ingress shuts what is open; it needs a moment for that. One that does not run is
 * not waited for any longer. */
#define GRACE_USEC (2 * USEC_PER_SEC)

void instance_set_route(Instance *instance, Route route, uint64_t drain_usec)
{
        assert(instance);

        if (instance->port == 0)
                return;
        instance->route = route;
        instance->drain_deadline = drain_usec == 0 ? 0 : clock_usec(CLOCK_MONOTONIC) + drain_usec;
}

void route_close(Deployment *deployment, Route route, uint64_t drain_usec)
{
        Instance *instance;

        assert(deployment);
        assert(route != ROUTE_READY);

        LIST_FOREACH (instances, instance, deployment->instances)
                if (!instance->leaving && instance->route >= route)
                        instance_set_route(instance, route, drain_usec);
}

void route_open(Deployment *deployment)
{
        Instance *instance;

        assert(deployment);

        LIST_FOREACH (instances, instance, deployment->instances)
                if (!instance->leaving && instance->fit)
                        instance_set_route(instance, ROUTE_READY, 0);
}

/* A newer version of its app takes the requests, and is watched. */
static bool is_behind(const Instance *instance)
{
        const Deployment *newer = app_running_deployment(instance->deployment->app);
        const Instance *other;

        if (!newer || newer->status != DEPLOYMENT_SWITCHING)
                return false;
        LIST_FOREACH (instances, other, newer->instances)
                if (other->route == ROUTE_READY)
                        return true;
        return false;
}

void route_open_live(Instance *instance)
{
        assert(instance);
        assert(instance->fit);

        instance_set_route(instance, is_behind(instance) ? ROUTE_DRAINING : ROUTE_READY, 0);
}

int route_wait_closed(Pipeline *pipeline, sd_event_time_handler_t on_deadline, void *userdata,
                      sd_event_source **ret)
{
        assert(ret);
        return sd_event_add_time_relative(pipeline->params.event, ret, CLOCK_MONOTONIC, GRACE_USEC, 0,
                                          on_deadline, userdata);
}

int route_drain(Pipeline *pipeline, Deployment *deployment, Instance *only,
                sd_event_time_handler_t on_deadline, void *userdata, sd_event_source **ret)
{
        uint64_t timeout = pipeline_config(pipeline)->drain_timeout;

        assert(deployment);
        assert(ret);

        if (only)
                instance_set_route(only, ROUTE_NONE, timeout);
        else
                route_close(deployment, ROUTE_NONE, timeout);
        return sd_event_add_time_relative(pipeline->params.event, ret, CLOCK_MONOTONIC, timeout + GRACE_USEC,
                                          0, on_deadline, userdata);
}

bool route_is(const Deployment *deployment, Route route)
{
        const Instance *instance;

        assert(deployment);

        LIST_FOREACH (instances, instance, deployment->instances)
                if (instance->port != 0 && !instance->leaving && instance->routed != route)
                        return false;
        return true;
}

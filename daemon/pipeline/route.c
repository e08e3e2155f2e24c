/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/route.h"

#include "base/clock.h"

/* When the time is over the ingress shuts what is open; it needs a moment for that. */
#define GRACE_USEC (2 * USEC_PER_SEC)

void instance_set_route(Instance *instance, Route route, uint64_t drain_usec)
{
        assert(instance);

        if (instance->port == 0)
                return;
        instance->route = route;
        instance->drain_deadline = drain_usec == 0 ? 0 : clock_usec(CLOCK_MONOTONIC) + drain_usec;
}

void route_set(Deployment *deployment, Route route, uint64_t drain_usec)
{
        Instance *instance;

        assert(deployment);

        LIST_FOREACH (instances, instance, deployment->instances)
                if (!instance->leaving)
                        instance_set_route(instance, route, drain_usec);
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
                route_set(deployment, ROUTE_NONE, timeout);
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/route.h"

#include "base/clock.h"

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

bool route_is(const Deployment *deployment, Route route)
{
        const Instance *instance;

        assert(deployment);

        LIST_FOREACH (instances, instance, deployment->instances)
                if (instance->port != 0 && !instance->leaving && instance->routed != route)
                        return false;
        return true;
}

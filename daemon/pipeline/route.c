/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/route.h"

#include "base/clock.h"

void route_set(Deployment *deployment, Route route, uint64_t drain_usec)
{
        uint64_t deadline = drain_usec == 0 ? 0 : clock_usec(CLOCK_MONOTONIC) + drain_usec;
        Instance *instance;

        assert(deployment);

        LIST_FOREACH (instances, instance, deployment->instances) {
                if (instance->port == 0)
                        continue;
                instance->route = route;
                instance->drain_deadline = deadline;
        }
}

bool route_is(const Deployment *deployment, Route route)
{
        const Instance *instance;

        assert(deployment);

        LIST_FOREACH (instances, instance, deployment->instances)
                if (instance->port != 0 && instance->routed != route)
                        return false;
        return true;
}

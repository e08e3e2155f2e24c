/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/route.h"

#include <time.h>

void route_set(Deployment *deployment, Route route, uint64_t drain_usec)
{
        struct timespec now;
        Instance *instance;

        assert(deployment);

        (void) clock_gettime(CLOCK_MONOTONIC, &now);
        LIST_FOREACH (instances, instance, deployment->instances) {
                if (instance->port == 0)
                        continue;
                instance->route = route;
                instance->drain_deadline = drain_usec == 0
                                                   ? 0
                                                   : (uint64_t) now.tv_sec * USEC_PER_SEC +
                                                             (uint64_t) now.tv_nsec / 1000 + drain_usec;
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

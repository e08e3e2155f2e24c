/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/pipeline/internal.h"

/* What is wanted of the requests to its web instances. `drain_usec`: with ROUTE_NONE, for how long those
 * under way may go on. The ingress follows at its next ingress_poll(). */
void route_set(Deployment *deployment, Route route, uint64_t drain_usec);

/* The same for one of them. */
void instance_set_route(Instance *instance, Route route, uint64_t drain_usec);
/* When the time is over the ingress shuts what is open; it needs a moment for that. */
#define ROUTE_GRACE_USEC (2 * USEC_PER_SEC)

/* Whether haproxy has all its web instances so; true if it has none. */
bool route_is(const Deployment *deployment, Route route);

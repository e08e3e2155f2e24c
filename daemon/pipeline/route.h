/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/pipeline/internal.h"

/* What is wanted of the requests to its web instances. `drain_usec`: with ROUTE_NONE, for how long those
 * under way may go on. The ingress follows at its next ingress_poll(). */
void route_set(Deployment *deployment, Route route, uint64_t drain_usec);

/* The same for one of them. */
void instance_set_route(Instance *instance, Route route, uint64_t drain_usec);

/* No requests any more to its web instances, or, if `only` is not NULL, to that one: those under way may go
 * on for drain-timeout. Then, however it stands with the ingress, `on_deadline` is called with `userdata`,
 * unless the source in *ret, which is the caller's, is gone. 0 or -errno. */
int route_drain(Pipeline *pipeline, Deployment *deployment, Instance *only,
                sd_event_time_handler_t on_deadline, void *userdata, sd_event_source **ret);

/* Whether haproxy has all its web instances so; true if it has none. */
bool route_is(const Deployment *deployment, Route route);

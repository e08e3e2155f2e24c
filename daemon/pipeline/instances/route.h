/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/pipeline/internal.h"

/* No requests to its web instances any more (ROUTE_NONE), or no new ones (ROUTE_DRAINING). `drain_usec`:
 * with ROUTE_NONE, for how long those under way may go on. The ingress follows at its next ingress_poll(),
 * here as below. */
void route_close(Deployment *deployment, Route route, uint64_t drain_usec);
/* Requests to its web instances that are fit for them. */
void route_open(Deployment *deployment);
/* The same for one of a live deployment; while a newer version that takes the requests is watched, it stays
 * behind that. */
void route_open_live(Instance *instance);

/* What is wanted of the requests to one instance; arguments as above. */
void instance_set_route(Instance *instance, Route route, uint64_t drain_usec);

/* Nobody should wait for the ingress longer than it needs to close a route: calls `on_deadline` with
 * `userdata` then, unless the source in *ret, which is the caller's, is gone. 0 or -errno. */
int route_wait_closed(Pipeline *pipeline, sd_event_time_handler_t on_deadline, void *userdata,
                      sd_event_source **ret);

/* No requests any more to its web instances, or, if `only` is not NULL, to that one: those under way may go
 * on for drain-timeout. Then, however it stands with the ingress, `on_deadline` is called with `userdata`,
 * unless the source in *ret, which is the caller's, is gone. 0 or -errno. */
int route_drain(Pipeline *pipeline, Deployment *deployment, Instance *only,
                sd_event_time_handler_t on_deadline, void *userdata, sd_event_source **ret);

/* Whether haproxy has all its web instances so; true if it has none. */
bool route_is(const Deployment *deployment, Route route);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What deployd-ports has left out of the configuration that haproxy loads, since it cannot be bound: of
 * which apps, at which addresses, and who is in the way. It asks whether that has changed, after pauses that
 * grow, for nothing tells that a port is free. What was found is App.port_state. */

#include <systemd/sd-event.h>

#include "daemon/model/app.h"
#include "probe/client.h"

typedef struct PortGuard PortGuard;

/* All borrowed. `changed`: a sentence may be different, or port_guard_take_retry() true. 0 or -errno. */
int port_guard_new(sd_event *event, Model *model, ProbeClient *probe, void (*changed)(void *userdata),
                   void *userdata, PortGuard **ret);
PortGuard *port_guard_free(PortGuard *guard);
DEFINE_CLEANUP(PortGuard *, port_guard_free);

/* Whether haproxy runs; if it does not, nothing is known. The sockets of its user are in nobody's way. It is
 * not the control group that tells them, for those that PID 1 has kept are of the one before a restart. */
void port_guard_set_runs(PortGuard *guard, bool runs);

/* Reads the list of deployd-ports. 0 or -errno; -ENOENT: there is none yet. */
int port_guard_read(PortGuard *guard);

/* The backend that haproxy has if it has loaded the configuration of that list; NULL if none was read. */
const char *port_guard_tag(const PortGuard *guard);

/* Whether what was in the way seems to be gone, so that a reload may bind more; true once only. */
bool port_guard_take_retry(PortGuard *guard);

/* port 30001 of shop is held by blog (web.1); of NULL the first there is. NULL if nothing is in the way of
 * requests to it. Valid until the next call. */
const char *port_guard_sentence(PortGuard *guard, const App *app);

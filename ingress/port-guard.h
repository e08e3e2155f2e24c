/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whether the apps' own ports are free for haproxy, or somebody else listens there: a stranger's answer must
 * never be taken for the app's, and one bind that fails keeps haproxy from loading all the others. What was
 * found is App.port_state. */

#include "daemon/model/app.h"
#include "probe/client.h"

typedef struct PortGuard PortGuard;

/* Both borrowed. 0 or -ENOMEM. */
int port_guard_new(Model *model, ProbeClient *probe, PortGuard **ret);
PortGuard *port_guard_free(PortGuard *guard);
DEFINE_CLEANUP(PortGuard *, port_guard_free);

/* The control group of haproxy's unit; 0 = it does not run. */
void port_guard_set_owner(PortGuard *guard, uint64_t id);

/* Looks at the ports of which nothing is known, and again at those that were held. `done` is called when all
 * is known, maybe before this returns; port_guard_is_checking() until then. */
void port_guard_check(PortGuard *guard, void (*done)(void *userdata), void *userdata);
bool port_guard_is_checking(const PortGuard *guard);

bool port_guard_is_blocked(const PortGuard *guard, const App *app);
bool port_guard_any_blocked(const PortGuard *guard);
/* port 30001 of shop is held by another process (uid 1000); NULL if it is not. Valid until the next call. */
const char *port_guard_sentence(PortGuard *guard, const App *app);

/* haproxy could not bind: what was known is not. */
void port_guard_forget(PortGuard *guard);

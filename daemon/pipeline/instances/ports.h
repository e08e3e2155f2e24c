/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The ports that instances get: those that nobody holds, and how many an instance may hold. */

#include "daemon/pipeline/internal.h"

/* What is held in [ports] range now, lowest first, valid during the call; nothing if the probe does not
 * answer, for then the check of the instance finds out. */
typedef void (*PortsKnown)(void *userdata, const uint64_t *held, size_t n_held);

/* Asks; then calls `done` from the event loop, or `drop` if the pipeline ends before. 0 or -errno, and then
 * neither is called. */
int ports_ask(Pipeline *pipeline, PortsKnown done, void (*drop)(void *userdata), void *userdata);

/* From now on, instances that hold more than app-ports-max are killed. 0 or -errno. */
int ports_watch(Pipeline *pipeline);

void ports_free(Pipeline *pipeline);

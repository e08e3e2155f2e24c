/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Units that are to be gone: stopped, killed if they must be, and forgotten by PID 1. */

#include "daemon/pipeline/internal.h"

/* Whose unit it was, 0 = nobody's: cleanup, instances to be restarted and fetch lanes wait for theirs.
 * And whether its owner wants it gone at once, without the time it has to end. */
typedef struct ReapOwner {
        uint64_t deployment, repository;
        bool kill;
} ReapOwner;

/* Begins; nothing can stop it. A unit that is reaped already gets the owner it did not have. What fails is
 * logged, and found again at the next start: what waits for a unit that does not end goes on waiting for it,
 * for its processes still have the port and the files. When it is gone that is an event of the pipeline. */
void reap_unit(Pipeline *pipeline, const char *unit, ReapOwner owner);

/* Whether that unit, any of that deployment, of a fetch of that repository, or of that kind and app or
 * repository (`name` "": of any), is not gone yet. */
bool reap_is_pending_for_unit(const Pipeline *pipeline, const char *unit);
bool reap_is_pending_for_name(const Pipeline *pipeline, UnitKind kind, const char *name);
bool reap_is_pending_for_deployment(const Pipeline *pipeline, uint64_t id);
bool reap_is_pending_for_repository(const Pipeline *pipeline, uint64_t id);

/* The names of the units that are not gone yet, in one text: "a, b". Caller frees; NULL when out of memory.
 */
char *reaps_describe(const Pipeline *pipeline);

Reap *reap_free(Reap *reap);

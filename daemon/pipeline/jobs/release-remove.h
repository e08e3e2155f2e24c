/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Release directories that go. Trees are large, and the daemon does not wait for disks: they get a name that
 * nothing else has, ID.trash, and a unit removes them. What is left is found again at the next start. */

#include "daemon/pipeline/internal.h"

/* Throws away all that is there of ID, whole or not. */
void release_remove(Pipeline *pipeline, uint64_t id);
/* An empty ID.new; what was left of an earlier attempt is thrown away. *ret is its path (caller frees). 0 or
 * -errno. */
int release_prepare(Pipeline *pipeline, uint64_t id, char **ret);
/* After a crash: everything that is not the whole release of a deployment that `keep` wants goes. 0 or
 * -errno. */
int release_sweep(Pipeline *pipeline, bool (*keep)(Pipeline *pipeline, uint64_t id));
/* Forgets the removals that are under way; their units go on. */
void release_removals_free(Pipeline *pipeline);

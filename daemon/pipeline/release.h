/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Release directories: PATH_RELEASES/ID, where ID is the deployment that built it. One that is being made is
 * ID.new, one that is being removed ID.trash: so what has a bare number is whole. */

#include "daemon/pipeline/internal.h"

/* An empty ID.new; what was left of an earlier attempt is thrown away. *ret is its path (caller frees). 0 or
 * -errno. */
int release_prepare(Pipeline *pipeline, uint64_t id, char **ret);
/* Whether there is no whole release of that deployment; false if that cannot be told. */
bool release_is_missing(uint64_t id);
/* Renames ID.new to ID and syncs the directory. Its contents are synced already. 0 or -errno. */
int release_commit(uint64_t id);
/* Throws away all that is there of ID, whole or not, by a unit: trees are large, and the daemon does not
 * wait for disks. */
void release_remove(Pipeline *pipeline, uint64_t id);
/* PATH_RELEASES/ID/PART; caller frees; NULL when out of memory. */
char *release_path(uint64_t id, const char *part);

/* After a crash: everything that is not the whole release of a deployment that `keep` wants goes. 0 or
 * -errno. */
int release_sweep(Pipeline *pipeline, bool (*keep)(Pipeline *pipeline, uint64_t id));

/* Forgets the removals that are under way; their units go on. */
void release_removals_free(Pipeline *pipeline);

/* A tree's tar on its way from one helper to the next: an unnamed file. A descriptor or -errno. */
int release_spool(void);
/* The same file once more, to be read only or written only. A descriptor or -errno. */
int release_spool_reopen(int fd, int flags);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Release directories: PATH_RELEASES/ID, where ID is the deployment that built it. One that is being made is
 * ID.new, one that is being removed ID.trash: so what has a bare number is whole. Both are made by
 * release-remove.h. */

#include "daemon/pipeline/internal.h"

#define RELEASE_SUFFIX_NEW ".new"

/* Whether there is no whole release of that deployment; false if that cannot be told. */
bool release_is_missing(uint64_t id);
/* Renames ID.new to ID and syncs the directory. Its contents are synced already. 0 or -errno. */
int release_commit(uint64_t id);
/* PATH_RELEASES/ID/PART; caller frees; NULL when out of memory. */
char *release_path(uint64_t id, const char *part);

/* A tree's tar on its way from one helper to the next: an unnamed file. A descriptor or -errno. */
int release_spool(void);

/* A tar has a header and padding for each file: at most two blocks of 512 bytes, and twice that for a long
 * name. */
#define TAR_OVERHEAD_PER_FILE 2048

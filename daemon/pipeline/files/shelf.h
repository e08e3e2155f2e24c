/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <limits.h>

#include "base/macro.h"

/* What a directory has that is named by the ids of apps or deployments. */

typedef struct ShelfEntry {
        uint64_t id;
        char behind[NAME_MAX +
                    1]; /* what is behind it in the name: of a directory that an app keeps (persist.h) */
} ShelfEntry;

/* The entries that have an id, into *ret (caller frees). How many, 0 if there is no such directory; -errno.
 */
int shelf_read(const char *path, ShelfEntry **ret);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/stat.h>

/* A walk through a directory tree that strangers made, and may still be changing: no link is followed, no
 * other mount entered, and names that are gone are no error. */

/* Directories inside one another: deeper than any real tree, and each is an open descriptor. */
#define WALK_DEPTH_MAX 256

/* One thing in the tree, for the time of the call. */
typedef struct WalkEntry {
        int directory_fd; /* of the directory that holds it */
        const char *name;
        const char *path; /* from the tree */
        const struct stat *state;
        unsigned depth; /* number of names in the path */
} WalkEntry;

/* Calls `each` for everything below the directory `tree_fd`, whose offset is moved, and for a directory
 * before what is in it; in no order otherwise. A directory of ours that cannot be read is made readable.
 *
 * 0; a negative result of `each`, which ends the walk; -ENAMETOOLONG for what is deeper than WALK_DEPTH_MAX;
 * other -errno. */
int walk_tree(int tree_fd, int (*each)(const WalkEntry *entry, void *userdata), void *userdata);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Our copy of a repository: a bare one below the cache directory, with the branches and tags of the remote
 * under their own names and its HEAD as HEAD. It is a cache. A mirror that is wrong in any way
 * is replaced; nothing in it is repaired. The old one stays until the new one is complete: the server may be
 * away, or have lost what only the old one still has.
 *
 *      CACHE_DIRECTORY/lock            held while a fetch writes
 *      CACHE_DIRECTORY/mirror.git      complete at any time a program may die
 *      CACHE_DIRECTORY/mirror.new      being made
 *      CACHE_DIRECTORY/mirror.old      being removed
 *      CACHE_DIRECTORY/damaged         a reader found the mirror damaged
 */

#include <git2.h>

#include "git/problem.h"

typedef struct Mirror {
        char *directory, *path;
        int lock; /* -1 for a reader */
        git_repository *repository;
        bool fresh; /* it is mirror.new: made by this program, nothing in it is old */
} Mirror;

#define MIRROR_INIT        \
        (Mirror)           \
        {                  \
                .lock = -1 \
        }

/* Opens the mirror below `directory` for a fetch: waits until no other fetch writes it, removes what an
 * interrupted one left behind, and begins a new one if there is none, if it cannot be opened, was found
 * damaged or has grown beyond `max_bytes` of packed objects (or too many packs: libgit2 cannot repack). 0,
 * or a negative errno with *problem set. Release with mirror_close() in either case. */
int mirror_open_to_fetch(Mirror *mirror, const char *directory, uint64_t max_bytes, Problem *problem);

/* Opens the mirror to read it. Nothing is written, nobody is waited for. Results as above. */
int mirror_open_to_read(Mirror *mirror, const char *directory, Problem *problem);

/* Begins an empty one, which takes the place of the mirror when it is complete: mirror_complete(). Results
 * as above. */
int mirror_renew(Mirror *mirror, Problem *problem);

/* A fetch is done: an empty one that mirror_renew() began is the mirror from now on; `mirror` is closed but
 * for its lock. Results as above. */
int mirror_complete(Mirror *mirror, Problem *problem);

/* Tells the next fetch to replace the mirror. */
void mirror_mark_damaged(const Mirror *mirror);

/* Removes one that mirror_renew() began and that is not complete. */
void mirror_close(Mirror *mirror);

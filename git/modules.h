/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The submodules of a tree, and theirs. Each has a mirror of its own below the cache directory, which a
 * fetch brings up to date if it lacks the commit:
 *
 *      CACHE_DIRECTORY/modules/HASH/   of the address: as git/mirror.h has it
 */

#include "git/mirror.h"
#include "git/request.h"

/* Of a tree all together, and inside one another. */
#define MODULES_MAX       100
#define MODULES_DEPTH_MAX 8

typedef struct Module {
        char *path; /* in the tree of the request */
        git_oid tree;
        Mirror mirror; /* open to read */
} Module;

typedef struct Modules {
        Module items[MODULES_MAX];
        size_t n;
} Modules;

/* Fetches (or, without `fetch`, finds in the mirrors) the submodules of `tree`, which is the request's
 * directory in `commit`, and adds what is in them to *count. A submodule may come from where a repository
 * may, but from a local path only if the repository is local itself. 0, or a negative errno with *problem
 * set. Release with modules_done() in either case. */
int modules_open(Modules *modules, const char *directory, const Request *request, bool fetch,
                 git_repository *repository, const git_oid *commit, const git_oid *tree, TreeCount *count,
                 Problem *problem);

/* The submodule at that path; NULL = it was not fetched. */
Module *modules_find(Modules *modules, const char *path);

void modules_done(Modules *modules);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Reading a tree straight from git's objects: nothing is checked out, nothing is filtered. */

#include <git2.h>

#include "git/problem.h"

/* A directory with directories in it has depth 1 and so on; so many are taken by a walk at most. */
#define TREE_DEPTH_MAX 1024

typedef struct TreeLimits {
        uint64_t bytes; /* contents of all files together */
        uint64_t files; /* files, symlinks and directories */
        uint64_t depth; /* directories inside one another, at most TREE_DEPTH_MAX */
} TreeLimits;

typedef struct TreeCount {
        uint64_t files; /* files and symlinks */
        uint64_t bytes;
        uint64_t entries; /* files, symlinks and directories */
} TreeCount;

typedef struct TreeEntry {
        const char *path; /* from the root of the walk, clean UTF-8, no name in it unsafe (git/name.h) */
        git_filemode_t mode;
        const git_oid *id;
} TreeEntry;

/* Called for each entry, for a directory before its contents. 0 or a negative errno with *problem set, which
 * ends the walk. */
typedef int TreeVisit(git_repository *repository, const TreeEntry *entry, void *userdata, Problem *problem);

/* The paths begin with `below` and a slash, if it is not "": where the tree is in another one.
 * Visits all entries in git's order (bytewise, a directory's name as if it ended in a slash). Refuses names
 * that are unsafe, trees that are out of order or have a name twice, paths no system call takes, and depths
 * above `max_depth`. 0, the visitor's result, or a negative errno with *problem set. */
int tree_walk(git_repository *repository, const git_oid *tree, const char *below, uint64_t max_depth,
              TreeVisit *visit, void *userdata, Problem *problem);

/* Adds what is in the tree to *count, without reading any file's contents, and stops at the first limit
 * exceeded: so a tree that multiplies itself costs no more than an honest one at the limit. Results as
 * above. */
int tree_count(git_repository *repository, const git_oid *tree, const TreeLimits *limits, TreeCount *count,
               Problem *problem);

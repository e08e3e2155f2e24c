/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A buildpack is a directory of programs, by Heroku's interface: bin/detect BUILD, bin/compile BUILD CACHE
 * ENV, bin/release BUILD. Its name is that of the directory, formed like a process type. */

#include "base/cleanup.h"

/* Instead of a name: nothing is built. */

/* In answers: the app's own command has built it, and no buildpack. */
#define BUILDPACK_COMMAND "command"

typedef struct Buildpack {
        char *name;
        char *directory;
} Buildpack;

typedef struct Buildpacks {
        Buildpack *packs; /* in the order they are asked */
        size_t n_packs;
} Buildpacks;

/* Lists the directories in `admin` by name, then those in `shipped` in the order of its file `order`, but
 * for those of a name that is there already. A directory that is missing is empty. 0; -errno with a sentence
 * in *reterr. */
int buildpacks_load(const char *admin, const char *shipped, Buildpacks **ret, char **reterr);
Buildpacks *buildpacks_free(Buildpacks *buildpacks);
DEFINE_CLEANUP(Buildpacks *, buildpacks_free);

/* NULL if there is none. */
const Buildpack *buildpacks_find(const Buildpacks *buildpacks, const char *name);

/* "c, go, node and none", by name. Caller frees; NULL when out of memory. */
char *buildpacks_names(const Buildpacks *buildpacks);

/* Says that there is none of that name: -ENOENT with a sentence in *reterr; -ENOMEM. `where` is the file
 * that names it, or "". */
int buildpacks_refuse(const Buildpacks *buildpacks, const char *where, const char *name, char **reterr);

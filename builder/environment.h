/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the programs of a build see around them: nothing of the unit's own environment but what is named
 * here. The app's variables, whose names come with BUILD_ENV_ before them, are files for a buildpack, and
 * variables for the app's own command. */

#include "base/cleanup.h"

typedef struct Environment {
        char *directory;  /* one file for each variable of the app */
        char **buildpack; /* for execve(2) */
        char **command;   /* likewise, with the app's variables */
} Environment;

/* Reads our own environment and makes `directory` below /tmp. HOME is `home`, CACHE_DIRECTORY `cache`. 0;
 * -errno with a sentence in *reterr. */
int environment_new(const char *home, const char *cache, Environment **ret, char **reterr);

/* Leaves the files: /tmp is the build's own. */
Environment *environment_free(Environment *environment);
DEFINE_CLEANUP(Environment *, environment_free);

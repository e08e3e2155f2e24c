/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An app may say which buildpacks build it, one after another: a line each in .buildpacks, or in app.json
 *
 *      "buildpacks": [ { "url": "heroku/nodejs" }, { "url": "heroku/python" } ]
 *
 * Each is the name of a buildpack, or the address of one of Heroku, which stands for the one of that
 * language here. */

#include "base/cleanup.h"

#define WANTED_MAX 8

typedef struct Wanted {
        const char *file;                           /* that says so: a constant; NULL = none does */
        char *says[WANTED_MAX], *names[WANTED_MAX]; /* as it is in the file, and the name here */
        size_t n_names;
} Wanted;

/* Reads the files in the root of the tree; .buildpacks counts before app.json. 0, also where neither says
 * anything; -EINVAL with a sentence in *reterr (`.buildpacks names more than 8 buildpacks`); -errno with
 * one; -ENOMEM. *ret is to be emptied by wanted_done() in every case. */
int wanted_read(int tree_fd, Wanted *ret, char **reterr);
void wanted_done(Wanted *wanted);

/* "https://github.com/heroku/heroku-buildpack-nodejs.git#v200" is "node". Caller frees; NULL when out of
 * memory. */
char *wanted_name(const char *says);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* The files below a directory, counted. */
typedef struct Files {
        uint64_t n;     /* all but directories */
        uint64_t bytes; /* of regular files */
} Files;

/* Counts what is in the directory `path` and below it, on its filesystem, without following links; a path
 * that is not there has nothing. Says what it does when that takes longer than a second. 0, or -errno if
 * something cannot be read. */
int files_count(const char *path, Files *ret);

/* `12 files, 3.4M`. Caller frees; NULL when out of memory. */
char *files_format(const Files *files);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Looks whether a build keeps to its limits where nothing tells of it: nobody is told how much of a disk a
 * user has, so it is looked at, every second at most and for a tenth of the time at most. */

#include "base/macro.h"

typedef struct Watch {
        int directories[3];  /* borrowed: all that the build can write to */
        uint64_t max_bytes;  /* what may lie in them together */
        uint64_t min_free;   /* what must be left of the file systems they are on; 0 = no matter */
        uint64_t max_tasks;  /* of the control group, for the sentence */
        char *refusals_path; /* pids.events of our control group; NULL if there is none */
        uint64_t refusals;   /* when it began */
        uint64_t next;       /* when it is time to look, CLOCK_MONOTONIC in microseconds */
} Watch;

/* Fills what is not given: directories, max_bytes, min_free and max_tasks are the caller's. */
void watch_begin(Watch *watch);
void watch_done(Watch *watch);

/* Bytes on the disk below a directory; a file of several names is counted once. 0 or -errno, as
 * walk_tree(). */
int watch_measure(int directory_fd, uint64_t *ret);

/* Looks now, and sets `next`. 0; -EDQUOT with a sentence in *reterr for a limit that was passed; other
 * -errno with a sentence when it cannot be told. */
int watch_look(Watch *watch, char **reterr);

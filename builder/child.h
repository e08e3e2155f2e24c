/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A program of strangers, run to its end under the eyes of the watch. It has our user, but can do nothing to
 * us (guard.h). What it leaves running is killed: nothing of this user but us runs afterwards.
 */

#include "builder/lines.h"
#include "builder/output.h"
#include "builder/watch.h"

typedef struct Child {
        const char *directory; /* it starts there */
        const char *const *argv;
        char *const *environment;
        LineEach on_stdout; /* NULL: standard output goes where standard error goes, to the Output */
        void *userdata;     /* for on_stdout */
} Child;

/* Once, before the first child: we are given what our children leave behind, to see it end. 0 or -errno. */
int child_setup(void);

/* Runs it, with nothing on its standard input. 0 with *ret_status as of waitpid(2); -errno with a sentence
 * in *reterr when it cannot be run or the watch has ended it (-EDQUOT). */
int child_run(const Child *child, Output *output, Watch *watch, int *ret_status, char **reterr);

/* How it ended, in words: `exited with status 1: LAST` (QUOTE_MARK before the colon), `was killed by signal
 * SIGKILL`. `reason` may be NULL. Caller frees; NULL when out of memory. */
char *child_describe_end(int status, const char *reason);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>
#include <systemd/sd-journal.h>

#include "base/macro.h"

/* Lines of apps and of what was done for a deployment, from the journal. Which unit a line is of is taken
 * from _SYSTEMD_UNIT, which journald sets and nobody else can: an app may write any DEPLOYD_APP= it likes.
 * The deployd fields are looked at only in lines of deployd's own units. */

typedef struct JournalFilter {
        const char *app;
        uint64_t deployment; /* 0 = all of the app, then without fetch and build */
        const char *process; /* web.1, or a type; NULL = all */
} JournalFilter;

typedef struct Journal Journal;

/* Opens this machine's journal, or the files in `directory`. `filter` and its texts must live as long. An
 * exit status: EXIT_REFUSED after saying what to do when nothing of it can be read. */
int journal_open(Journal **ret, const char *directory, const JournalFilter *filter);
Journal *journal_free(Journal *journal);

/* Prints the newest `n` lines to `file` and stands behind them. `raw`: only the messages, byte for byte. How
 * many entries were printed, or -errno. */
int64_t journal_print_last(Journal *journal, FILE *file, uint64_t n, bool raw);

/* Prints to standard output what is written from now on, until standard output has no reader any more. 0 or
 * -errno. */
int journal_follow(Journal *journal, bool raw);

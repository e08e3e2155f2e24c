/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The end of an output: of the lines that are added, the last ones that a number of bytes has room for. */

#include "base/macro.h"

/* What the journal stores of a line besides its text: a bound of what is logged counts it with each line. */
#define LOG_LINE_COST 400

/* Begins as { .max = ... }. */
typedef struct Tail {
        char *ring;      /* of `max` bytes: each line, and a newline behind it */
        size_t max;      /* bytes */
        size_t start;    /* where the oldest line begins */
        size_t size;     /* bytes in use */
        size_t n;        /* lines in it */
        uint64_t n_lost; /* lines that had to make room for later ones */
} Tail;

void tail_done(Tail *tail);

/* Keeps a copy of the `size` bytes of a line, which has no newline. A line that is longer than the whole
 * tail is lost, and so is each one for which there is no memory. */
void tail_add(Tail *tail, const char *line, size_t size);

/* What to print in place of the lines that were lost, `why` being the reason: `(3 lines are missing here:
 * ...)`. Caller frees; NULL when out of memory. */
char *tail_describe_gap(const Tail *tail, const char *why);

/* Calls `each` for every line that is kept, the oldest first, until it returns something else than 0; `line`
 * has a newline at its end, which counts in `size`, and a NUL behind it. Then the tail is as in the
 * beginning. Returns what `each` did last; -ENOMEM if there was no memory for a copy. */
int tail_flush(Tail *tail, int (*each)(const char *line, size_t size, void *userdata), void *userdata);

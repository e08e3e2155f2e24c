/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Why a program failed, by what it printed: most print the error and then more, from stack frames to where a
 * log can be found. Lines are given one at a time, and the best one is kept (failure-rules.h). */

#include "base/failure-rules.h"

/* Of a longer line the rest is dropped: it is more than the journal has of a line. */
#define FAILURE_LINE_BYTES_MAX ((size_t) 64 * 1024)

/* All zero in the beginning. */
typedef struct FailureLine {
        struct {
                char *text; /* the best line of that class, as it was printed */
                const FailureRule *rule;
                uint64_t at; /* `n_lines` when it was printed */
        } best[FAILURE_MAX];
        uint64_t n_lines;           /* which said something */
        const FailureRule *heading; /* of the line before, if this one is to say what it is; else NULL */
        bool tracing;               /* within what Python prints of the calls */
        size_t trace_indent;
} FailureLine;

void failure_line_done(FailureLine *line);

/* The next line that the program printed, with whatever bytes. Without memory it is not kept. */
void failure_line_add(FailureLine *line, const char *text);

/* The line that says why, as it was printed, with blanks and escape sequences; NULL if all were blank. An
 * error counts while less than 100 lines were printed behind it, stack frames and the like not counted: a
 * program that goes on for so long has lived through it. It is the FailureLine's, until the next call of
 * failure_line_add(). */
const char *failure_line_get(const FailureLine *line);

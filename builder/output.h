/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a build prints goes to the log, in the style of Heroku's buildpacks:
 *
 *      -----> Installing packages         a heading: it is also what the unit is doing (STATUS=)
 *             12 packages                 details
 *       !     package.json is missing     why it will fail
 *       !     warning: there is no lock   what may go wrong one day
 */

#include "base/failure-line.h"
#include "base/tail.h"

/* Of more warnings, the rest is in the log only. */
#define OUTPUT_WARNINGS_MAX 20

typedef struct Output {
        char *complaint;     /* the last line that says why it will fail, without the mark */
        bool has_gone_on;    /* a heading followed that line */
        FailureLine failure; /* of what else was printed since the last heading, that included */
        char *reason;        /* what output_reason() returned */
        char *heading;       /* one that has not been told yet */
        uint64_t told;       /* when the last one was */
        char *warnings[OUTPUT_WARNINGS_MAX]; /* clean, without the mark and the word */
        size_t n_warnings;
        uint64_t room; /* bytes that the log may have before lines wait in the tail */
        Tail tail;
} Output;

/* Logs at most `log_max` bytes: of a longer output the beginning, and by output_done() the end. */
void output_init(Output *output, uint64_t log_max);
void output_done(Output *output);

/* Takes a line of a program: a LineEach, `userdata` is the Output. Control characters and what is not UTF-8
 * are shown as `?`, indentation is kept, blank lines are left out. */
void output_line(const char *line, void *userdata);

/* A line of our own, in the same way. */
void output_say(Output *output, const char *format, ...) _printf_(2, 3);

/* Why a program that printed this has failed: its last complaint that is no warning and behind which
 * it did not go on, else the line behind
 * the last heading that says why (base/failure-line.h): what is before that heading was done. NULL if it
 * printed nothing. Clean UTF-8 without escape sequences, bounded; the output's, until the next call. */
const char *output_reason(Output *output);

/* Forgets what was printed: another program begins. */
void output_restart(Output *output);

/* Tells PID 1 the last heading if it is time. Returns when it will be (CLOCK_MONOTONIC, in microseconds),
 * USEC_INFINITY if there is nothing to tell. */
uint64_t output_tell(Output *output, uint64_t now);

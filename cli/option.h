/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* Every option of deployctl. A verb names those it knows by a mask of OPTION_BIT(). */
typedef enum Option {
        OPTION_UNSET = 0,
        OPTION_HELP,
        OPTION_VERSION,
        OPTION_LIST_VERBS,
        OPTION_JSON,
        OPTION_BRANCH,
        OPTION_FORCE,
        OPTION_NO_WAIT,
        OPTION_REQUEST_ID,
        OPTION_FOLLOW,
        OPTION_LINES,
        OPTION_DEPLOYMENT,
        OPTION_PROCESS,
        OPTION_RAW,
        OPTION_JOURNAL,
        OPTION_RELEASES,
        OPTION_NO_DATA,
        OPTION_REPLACE,
        OPTION_CONFIRM,
        OPTION_REMOVED,
        OPTION_STAGE,
        OPTION_ALL,
        OPTION_REBUILD,
        OPTION_CLEAR,
        OPTION_SCAN,
        OPTION_MAX,
} Option;

#define OPTION_BIT(option) (1U << (option))

/* What was given: NULL = not, "" = an option without a value was. The strings are argv's. */
typedef struct Options {
        const char *values[OPTION_MAX];
} Options;

/* Reads all options of `argv`, wherever they stand, and moves them before the other arguments, the first of
 * which is argv[*ret_first]. 0, or EXIT_USAGE after saying what is wrong. */
int options_read(Options *options, int argc, char *argv[], int *ret_first);

/* 0, or EXIT_USAGE after saying which option is not in `mask`. `verb` is the name for the sentence. */
int options_check(const Options *options, unsigned mask, const char *verb);

/* A whole number from 1 to `max` in *ret, left alone when the option was not given. 0, or EXIT_USAGE after
 * saying what is allowed. */
int option_read_number(const Options *options, Option option, uint64_t max, uint64_t *ret);

/* One line of help for each option in `mask`. */
void options_print(unsigned mask);

/* ` --name` for each option in `mask`. */
void options_print_names(unsigned mask);

/* The name with its dashes (`--json`). */
const char *option_name(Option option);

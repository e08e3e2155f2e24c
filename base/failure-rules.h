/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How lines look that programs print when they fail. */

#include "base/macro.h"

/* What a line says of a failure: a later class says more. */
typedef enum FailureClass {
        FAILURE_UNSET = 0,
        FAILURE_TRAILER, /* nothing: a stack frame, a brace, a hint */
        FAILURE_NOTICE,  /* a warning, or what is being done */
        FAILURE_RESULT,  /* that something failed, but not why */
        FAILURE_TEXT,    /* what no rule is about */
        FAILURE_LIKELY,  /* probably the error */
        FAILURE_ERROR,   /* the error */
        FAILURE_MAX
} FailureClass;

typedef struct FailureRule {
        const char *pattern; /* for fnmatch(3) */
        FailureClass class;
        bool first;    /* of several such lines in a row the first one counts, otherwise the last one */
        bool heading;  /* the next line says what it is */
        bool trace;    /* of Python: deeper lines follow, and then the error, which is no deeper than this */
        size_t prefix; /* if not 0: what stands behind so many bytes is judged by its own rule, if it has one
                        */
} FailureRule;

/* The rule for a line: never NULL. `text` is clean (text_sanitize()). */
const FailureRule *failure_rule_find(const char *text);

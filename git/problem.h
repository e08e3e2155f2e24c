/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What went wrong, as a sentence for people: it begins in lower case, has no period at its end, no control
 * characters and no password. */

#include "base/cleanup.h"
#include "base/string-table.h"

typedef enum ProblemKind {
        PROBLEM_UNSET = 0,
        PROBLEM_REMOTE,   /* the address or the server behind it */
        PROBLEM_REVISION, /* what was asked for is not in the repository */
        PROBLEM_LIMIT,
        PROBLEM_TREE, /* the tree holds what cannot be deployed */
        PROBLEM_INTERNAL,
        PROBLEM_MIRROR, /* our copy is damaged; outside of the program an internal problem */
        PROBLEM_KIND_MAX,
} ProblemKind;
DECLARE_STRING_TABLE(problem_kind, ProblemKind);

typedef struct Problem {
        ProblemKind kind;
        char *text;                        /* NULL = none */
        const char *secret, *proxy_secret; /* never shown, borrowed; NULL = none */
        const char *proxy; /* what is between us and the server, in words, borrowed; or NULL */
} Problem;

/* Notes a problem, in place of one noted before. Text from outside may be among the arguments: invalid
 * UTF-8 and control characters are replaced, and so are the secrets and whatever stands where URLs have
 * their passwords. Returns a negative errno that fits the kind, -ENOMEM if there is no memory for the text.
 */
int problem_set(Problem *problem, ProblemKind kind, const char *format, ...) _printf_(3, 4);

/* Notes what libgit2 said last: a sentence of our own for what is common, else its own words. `otherwise` is
 * the kind for what is not the server's fault by its wording. Returns like problem_set(). */
int problem_set_git(Problem *problem, ProblemKind otherwise);

static inline int problem_out_of_memory(Problem *problem)
{
        return problem_set(problem, PROBLEM_INTERNAL, "out of memory");
}

/* Forgets the problem; the secrets and the proxy stay. */
void problem_clear(Problem *problem);

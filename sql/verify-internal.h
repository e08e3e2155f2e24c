/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of the verification share. */

#include "daemon/model/report.h"
#include "sql/pg.h"

/* A check that one statement makes, in the schema that the migrations have made in the transaction. Its rows
 * are of three texts: what is looked at, what it should be, what it is; NULL = not there. Rows that should
 * be as they are tell of it when the check passes. */
typedef struct VerifyQuestion {
        CheckId check;
        const char *before; /* a script, NULL = none */
        const char *sql;
        /* The columns of a table for $1, $2, …, each a text[]. */
        const char *const *lists[3];
} VerifyQuestion;

#define VERIFY_QUESTIONS 4

/* Check 3: the live schema beside the one just made. */
extern const VerifyQuestion verify_schema;
/* What is to be run between both: keeps a description of the schema that was made. */
extern const char *const verify_schema_keep;

/* Checks 5 and 6: an example, as a user would make it. */
extern const VerifyQuestion verify_creation, verify_relations;
/* Before they are asked: puts what the tables of settings say into the first. */
void verify_example_fill(void);

/* Check 7. */
extern const VerifyQuestion verify_constraints;

/* verify_outcome(STATEMENT) tells how a statement ends, without any effect: `accepted`, or `refused by` and
 * the constraint or column. */
extern const char *const verify_outcome_create;

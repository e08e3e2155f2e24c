/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The table schema_migration beside the compiled-in migrations. For sql/ only. */

#include "sql/migrate.h"

typedef struct Ledger {
        MigrationEntry *entries; /* by version */
        size_t n_entries;
        uint32_t version; /* the highest one applied, 0 = none */
        char *texts;
} Ledger;

/* Asks for the columns that ledger_read() takes. */
#define LEDGER_SELECT                                                                                     \
        "select version::bigint, name::text, sha256::text, applied_at::timestamptz from schema_migration" \
        " order by 1"

/* Part of the transaction of the first migration. */
#define LEDGER_CREATE                                                            \
        "create table schema_migration ("                                        \
        "version integer primary key, name text not null, sha256 text not null," \
        " applied_at timestamptz not null default clock_timestamp());\n"         \
        "comment on table schema_migration is 'migrations that were applied';\n"

/* `result` NULL: there is no such table. 0, -ENOMEM. */
int ledger_read(const PgResult *result, Ledger *ret);

void ledger_clear(Ledger *ledger);

/* Whether one entry lets others follow: not if it is unknown, changed, or missing below one that is applied.
 * 0; -EUCLEAN with a sentence in *ret (caller frees); -ENOMEM. */
int ledger_judge(const Ledger *ledger, const MigrationEntry *entry, char **ret);

/* Whether the ledger fits the compiled-in migrations, so that those missing can follow. 0; -EUCLEAN with a
 * sentence in *ret (caller frees); -ENOMEM. */
int ledger_check(const Ledger *ledger, char **ret);

/* The first migration to be applied; NULL if all are. */
const MigrationEntry *ledger_missing(const Ledger *ledger);

/* The transaction that applies a migration, its row in the ledger with it, as a script (caller frees). NULL
 * when out of memory. */
char *ledger_script(uint32_t version);

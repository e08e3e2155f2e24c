/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Brings the database to the schema this program was built for, and makes sure that it is the only deployd
 * that uses it. It stands at the gate of a Pg: on every new connection, before any request is let through,
 * it takes the lock (held as long as the session lives), compares the ledger with the compiled-in list and
 * applies what is missing, each migration in one transaction together with its ledger row.
 *
 * Nothing is changed, and no request let through, when an applied migration has another checksum here, the
 * database is newer, a migration in the middle is missing, a foreign table is in the way, or rights are
 * missing. The connection is then closed and all of it tried again after a pause, so that a repaired
 * database is taken up without a restart. */

#include "base/cleanup.h"
#include "base/string-table.h"
#include "sql/pg.h"

typedef struct Migrate Migrate;

/* A sentence for the status line, when it changes: `Applying migration 3 of 5: 0003_events`, or
 * `another deployd uses this database (pid 812, since 2026-11-22 10:49:00 UTC)` while the lock is awaited,
 * which has no end (the caller may set one). */
typedef void (*MigrateProgress)(void *userdata, const char *sentence);

/* The end of one pass of the gate; so once for every connection. `error` is 0 with `sentence` NULL, and
 * requests flow from now on; or one of
 *      -EUCLEAN  the ledger and this program do not fit together (changed, newer, gap)
 *      -EEXIST   something foreign is in the way
 *      -EACCES   missing rights
 *      -EIO      a migration failed for another reason
 * with the sentence that says so. A lost connection is no end: the gate is entered again. Must not free
 * `migrate` or the Pg. */
typedef void (*MigrateDone)(void *userdata, int error, const char *sentence);

typedef enum MigrationState {
        MIGRATION_STATE_UNSET = 0,
        MIGRATION_APPLIED,
        MIGRATION_MISSING,
        MIGRATION_CHANGED, /* applied, but under another name or with another checksum */
        MIGRATION_UNKNOWN, /* applied by a newer deployd */
        MIGRATION_STATE_MAX,
} MigrationState;

/* `[X]`, `[ ]`, `[!]`, `[?]` */
DECLARE_STRING_TABLE(migration_state, MigrationState);

typedef struct MigrationEntry {
        uint32_t version;
        MigrationState state;
        const char *name;    /* 0001_initial */
        const char *sha256;  /* 64 hex digits; of the ledger if applied, else of the compiled-in text */
        uint64_t applied_at; /* microseconds of CLOCK_REALTIME; 0 = not applied */
} MigrationEntry;

/* Stands at the gate of `pg` from now on; `pg` must have none yet, and outlive it. The callbacks may be
 * NULL. 0, -ENOMEM. */
int migrate_start(Pg *pg, MigrateProgress progress, MigrateDone done, void *userdata, Migrate **ret);

/* The same, but nothing is applied and no lock taken: `done` is told 0 when the ledger is read, whatever it
 * says, and migrate_entries() has it. */
int migrate_look(Pg *pg, MigrateDone done, void *userdata, Migrate **ret);

Migrate *migrate_free(Migrate *migrate);
DEFINE_CLEANUP(Migrate *, migrate_free);

typedef enum MigrateStep {
        MIGRATE_IDLE,       /* no connection at the gate, or the ledger is being read, or all is done */
        MIGRATE_LOCKED_OUT, /* another deployd holds the lock */
        MIGRATE_APPLYING,
} MigrateStep;

MigrateStep migrate_step(const Migrate *migrate);

/* The id of the installation that was read, null until then, borrowed: a later connection to a database with
 * another id is displaced, before any request is let through. */
void migrate_expect(Migrate *migrate, const sd_id128_t *installation);

/* Whether another deployd holds the lock that this one had before its connection was lost, or another
 * database is there: what this one has read is not true any more. */
bool migrate_is_displaced(const Migrate *migrate);

/* The compiled-in migrations and those of the ledger by version, as of the last pass. Owned by `migrate`,
 * valid until its next pass. */
const MigrationEntry *migrate_entries(const Migrate *migrate, size_t *ret_n);

/* The highest version applied, 0 = none. */
uint32_t migrate_schema_version(const Migrate *migrate);

/* Whether what is applied fits this program, so that what is missing can follow. 0; -EUCLEAN with a sentence
 * in *ret (caller frees); -ENOMEM. */
int migrate_check(const Migrate *migrate, char **ret);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sql/ledger.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "sql/migration.h"

static const char *const migration_state_table[MIGRATION_STATE_MAX] = {
        [MIGRATION_APPLIED] = "[X]",
        [MIGRATION_MISSING] = "[ ]",
        [MIGRATION_CHANGED] = "[!]",
        [MIGRATION_UNKNOWN] = "[?]",
};
DEFINE_STRING_TABLE(migration_state, MigrationState);

/* Digits of a checksum that are shown. */
#define CHECKSUM_DIGITS 12

static const char *ledger_keep(char **texts, const char *text)
{
        size_t size = strlen(text) + 1;
        char *kept = memcpy(*texts, text, size);

        *texts += size;
        return kept;
}

static MigrationState ledger_compare(uint64_t version, const char *name, const char *sha256)
{
        if (version == 0 || version > n_migrations)
                return MIGRATION_UNKNOWN;
        if (strcmp(name, migrations[version - 1].name) != 0 ||
            strcmp(sha256, migrations[version - 1].sha256) != 0)
                return MIGRATION_CHANGED;
        return MIGRATION_APPLIED;
}

int ledger_read(const PgResult *result, Ledger *ret)
{
        size_t n_rows = result ? pg_result_rows(result) : 0, size = 0, row = 0;
        Ledger ledger = { .n_entries = 0 };
        char *texts;

        assert(ret);

        for (size_t i = 0; i < n_rows; i++)
                size += strlen(pg_result_text(result, i, 1)) + strlen(pg_result_text(result, i, 2)) + 2;
        ledger.entries = calloc(n_rows + n_migrations + 1, sizeof(*ledger.entries));
        ledger.texts = texts = malloc(size + 1);
        if (!ledger.entries || !texts) {
                ledger_clear(&ledger);
                return -ENOMEM;
        }

        /* Two sorted lists are merged: rows by their version, compiled-in migrations by theirs. */
        for (size_t known = 1; row < n_rows || known <= n_migrations;) {
                uint64_t version = row < n_rows ? pg_result_u64(result, row, 0) : UINT64_MAX;
                MigrationEntry *entry = &ledger.entries[ledger.n_entries++];

                if (known <= n_migrations && known < version) {
                        *entry = (MigrationEntry){
                                .version = (uint32_t) known,
                                .state = MIGRATION_MISSING,
                                .name = migrations[known - 1].name,
                                .sha256 = migrations[known - 1].sha256,
                        };
                        known++;
                        continue;
                }
                entry->version = (uint32_t) MIN2(version, (uint64_t) UINT32_MAX);
                entry->name = ledger_keep(&texts, pg_result_text(result, row, 1));
                entry->sha256 = ledger_keep(&texts, pg_result_text(result, row, 2));
                entry->applied_at = pg_result_usec(result, row, 3);
                entry->state = ledger_compare(version, entry->name, entry->sha256);
                ledger.version = MAX2(ledger.version, entry->version);
                if (version == known)
                        known++;
                row++;
        }
        *ret = ledger;
        return 0;
}

void ledger_clear(Ledger *ledger)
{
        assert(ledger);

        free(ledger->entries);
        free(ledger->texts);
        *ledger = (Ledger){ .n_entries = 0 };
}

static const MigrationEntry *ledger_first(const Ledger *ledger, MigrationState state)
{
        for (size_t i = 0; i < ledger->n_entries; i++)
                if (ledger->entries[i].state == state)
                        return &ledger->entries[i];
        return NULL;
}

const MigrationEntry *ledger_missing(const Ledger *ledger)
{
        assert(ledger);
        return ledger_first(ledger, MIGRATION_MISSING);
}

int ledger_judge(const Ledger *ledger, const MigrationEntry *entry, char **ret)
{
        assert(ledger);
        assert(entry);
        assert(ret);

        if (entry->state == MIGRATION_UNKNOWN && entry->version == 0)
                *ret = text_format(
                        "the ledger schema_migration has a row of version 0, which no deployd wrote");
        else if (entry->state == MIGRATION_UNKNOWN)
                *ret = text_format("database is at %" PRIu32 ", this deployd knows %zu", ledger->version,
                                   n_migrations);
        else if (entry->state == MIGRATION_CHANGED)
                *ret = text_format("migration %s was changed after it was applied "
                                   "(database has %.*s…, this deployd has %.*s…)",
                                   migrations[entry->version - 1].name, CHECKSUM_DIGITS, entry->sha256,
                                   CHECKSUM_DIGITS, migrations[entry->version - 1].sha256);
        else if (entry->state == MIGRATION_MISSING && entry->version < ledger->version)
                *ret = text_format("migration %s is missing in the database, which is at %" PRIu32
                                   " already",
                                   entry->name, ledger->version);
        else
                return 0;
        return *ret ? -EUCLEAN : -ENOMEM;
}

int ledger_check(const Ledger *ledger, char **ret)
{
        /* A newer database first: the rest may be as its deployd wants it. */
        static const MigrationState order[] = { MIGRATION_UNKNOWN, MIGRATION_CHANGED, MIGRATION_MISSING };

        assert(ledger);
        assert(ret);

        if (ledger->version > n_migrations)
                return ledger_judge(ledger, &ledger->entries[ledger->n_entries - 1], ret);
        for (size_t i = 0; i < ELEMENTSOF(order); i++) {
                const MigrationEntry *entry = ledger_first(ledger, order[i]);
                int r = entry ? ledger_judge(ledger, entry, ret) : 0;

                if (r < 0)
                        return r;
        }
        return 0;
}

char *ledger_script(uint32_t version)
{
        const Migration *migration;

        assert(version > 0 && version <= n_migrations);

        migration = &migrations[version - 1];
        /* Name and checksum have no quotes in them (embed.py). A migration may take its time. */
        return text_format("begin;\n"
                           "set local statement_timeout = 0;\n"
                           "%s%s\n;\n"
                           "insert into schema_migration (version, name, sha256)\n"
                           "        values (%" PRIu32 ", '%s', '%s');\n"
                           "commit;\n",
                           version == 1 ? LEDGER_CREATE : "", migration->sql, version, migration->name,
                           migration->sha256);
}

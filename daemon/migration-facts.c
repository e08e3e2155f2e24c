/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/migration-facts.h"

#include <errno.h>

#include "base/text.h"

void migration_facts_forget(Facts *facts)
{
        assert(facts);

        for (size_t i = 0; i < facts->n_migrations; i++) {
                free(facts->migrations[i].name);
                free(facts->migrations[i].sha256);
        }
        free(facts->migrations);
        facts->migrations = NULL;
        facts->n_migrations = 0;
}

int migration_facts_learn(Facts *facts, const Migrate *migrate)
{
        const MigrationEntry *entries;
        size_t n;

        assert(facts);
        assert(migrate);

        migration_facts_forget(facts);
        entries = migrate_entries(migrate, &n);
        facts->migrations = calloc(n + 1, sizeof(AppliedMigration));
        if (!facts->migrations)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                AppliedMigration *row = &facts->migrations[facts->n_migrations];

                if (entries[i].state != MIGRATION_APPLIED)
                        continue;
                facts->n_migrations++;
                row->version = entries[i].version;
                row->applied_at = entries[i].applied_at;
                if (text_replace(&row->name, entries[i].name) < 0 ||
                    text_replace(&row->sha256, entries[i].sha256) < 0)
                        return -ENOMEM;
        }
        facts->schema_version = migrate_schema_version(migrate);
        return 0;
}

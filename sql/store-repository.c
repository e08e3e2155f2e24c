/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sql/store-internal.h"

int store_repository_insert(Store *store, const char *name, const char *git_url, const char *default_branch,
                            const StoreAsk *ask)
{
        static const char sql[] =
                "with done as (select at from event where operation = $1), "
                "made as (insert into repository (name, git_url, default_branch) "
                "  select $3, $4, $5 where not exists (select from done) returning id, created_at, name), "
                "noted as (insert into event (operation, actor_uid, verb, repository_name, detail) "
                "  select $1, $2, 'repository-create', name, $4 from made) "
                "select id, created_at, null::bigint from made "
                "union all select id, created_at, null::bigint from repository "
                "  where name = $3 and exists (select from done)";

        return store_submit(store,
                            &PG_QUERY(sql, store_operation(), store_actor(ask), pg_text(name),
                                      pg_text(git_url), pg_text(default_branch)),
                            store_read_row, ask, NULL);
}

/* One column of one repository. */
static int set_column(Store *store, const char *sql, const Repository *repository, const char *value,
                      const StoreAsk *ask)
{
        return store_submit(
                store,
                &PG_QUERY(sql, store_operation(), store_actor(ask), pg_u64(repository->id), pg_text(value)),
                store_read_row, ask, NULL);
}

#define SET_COLUMN(assignments, verb)                                                        \
        "with done as (select at from event where operation = $1), "                         \
        "changed as (update repository set " assignments                                     \
        " where id = $3 and not exists (select from done) "                                  \
        "  returning id, name), "                                                            \
        "noted as (insert into event (operation, actor_uid, verb, repository_name, detail) " \
        "  select $1, $2, '" verb "', name, $4 from changed) "                               \
        "select id, now(), null::bigint from changed "                                       \
        "union all select $3, at, null::bigint from done"

int store_repository_set_git_url(Store *store, const Repository *repository, const char *git_url,
                                 const StoreAsk *ask)
{
        return set_column(store, SET_COLUMN("git_url = $4", "repository-set-url"), repository, git_url, ask);
}

int store_repository_set_default_branch(Store *store, const Repository *repository, const char *branch,
                                        const StoreAsk *ask)
{
        return set_column(store, SET_COLUMN("default_branch = $4", "repository-set-branch"), repository,
                          branch, ask);
}

int store_repository_fetched(Store *store, const Repository *repository, const char *head,
                             const StoreAsk *ask)
{
        return set_column(store,
                          SET_COLUMN("head_revision = $4, last_fetched_at = now()", "repository-fetched"),
                          repository, head, ask);
}

int store_repository_count_fetch(Store *store, const Repository *repository, const StoreAsk *ask)
{
        /* Sent twice it counts two: the number only has to be a new one. */
        static const char sql[] = "update repository set fetches = fetches + 1 where id = $1 "
                                  "returning id, now(), fetches::bigint";

        return store_submit(store, &PG_QUERY(sql, pg_u64(repository->id)), store_read_row, ask, NULL);
}

int store_repository_delete(Store *store, const Repository *repository, const StoreAsk *ask)
{
        static const char sql[] =
                "with done as (select at from event where operation = $1), "
                "gone as (delete from repository where id = $3 and not exists (select from done) returning "
                "id, name), "
                "noted as (insert into event (operation, actor_uid, verb, repository_name) "
                "  select $1, $2, 'repository-remove', name from gone) "
                "select id, now(), null::bigint from gone union all select $3, at, null::bigint from "
                "done";

        return store_submit(store,
                            &PG_QUERY(sql, store_operation(), store_actor(ask), pg_u64(repository->id)),
                            store_read_row, ask, NULL);
}

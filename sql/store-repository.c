/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/text.h"
#include "sql/store-internal.h"
#include "sql/store-repository.sql.h"

int store_repository_insert(Store *store, const char *name, const char *git_url, const char *default_branch,
                            const StoreAsk *ask)
{
        return store_submit(store,
                            &PG_QUERY(sql_repository_insert, store_operation(), store_actor(ask),
                                      pg_text(name), pg_text(git_url), pg_text(default_branch)),
                            store_read_row, ask, NULL);
}

/* One column of one repository: `assignments` of $4. */
static int set_column(Store *store, const char *assignments, const char *verb, const Repository *repository,
                      const char *value, const StoreAsk *ask)
{
        _cleanup_free_ char *sql = text_format(sql_repository_set, assignments);

        return sql ? store_submit(store,
                                  &PG_QUERY(sql, store_operation(), store_actor(ask), pg_u64(repository->id),
                                            pg_text(value), pg_text(verb)),
                                  store_read_row, ask, NULL)
                   : -ENOMEM;
}

int store_repository_set_git_url(Store *store, const Repository *repository, const char *git_url,
                                 const StoreAsk *ask)
{
        return set_column(store, "git_url = $4", "repository-set-url", repository, git_url, ask);
}

int store_repository_set_default_branch(Store *store, const Repository *repository, const char *branch,
                                        const StoreAsk *ask)
{
        return set_column(store, "default_branch = $4", "repository-set-branch", repository, branch, ask);
}

int store_repository_set_submodules(Store *store, const Repository *repository, const char *submodules,
                                    const StoreAsk *ask)
{
        return set_column(store, "submodules = $4", "repository-set-submodules", repository, submodules,
                          ask);
}

int store_repository_fetched(Store *store, const Repository *repository, const char *head,
                             const StoreAsk *ask)
{
        return set_column(store, "head_revision = $4, last_fetched_at = now()", "repository-fetched",
                          repository, head, ask);
}

int store_repository_count_fetch(Store *store, const Repository *repository, const StoreAsk *ask)
{
        return store_submit(store, &PG_QUERY(sql_repository_count_fetch, pg_u64(repository->id)),
                            store_read_row, ask, NULL);
}

int store_repository_delete(Store *store, const Repository *repository, const StoreAsk *ask)
{
        return store_submit(store,
                            &PG_QUERY(sql_repository_delete, store_operation(), store_actor(ask),
                                      pg_u64(repository->id)),
                            store_read_row, ask, NULL);
}

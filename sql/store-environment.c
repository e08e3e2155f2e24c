/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "sql/store-environment.sql.h"
#include "sql/store-internal.h"

/* Names and values of variables as two lists of the same length; the texts are borrowed. */
typedef struct Lists {
        const char **names, **values;
} Lists;

static void lists_done(Lists *lists)
{
        free(lists->names);
        free(lists->values);
}

static int lists_make(const Variables *variables, Lists *ret)
{
        ret->names = calloc(variables->n + 1, sizeof(char *));
        ret->values = calloc(variables->n + 1, sizeof(char *));
        if (!ret->names || !ret->values)
                return -ENOMEM;
        for (size_t i = 0; i < variables->n; i++) {
                ret->names[i] = variables->items[i].name;
                ret->values[i] = variables->items[i].value;
        }
        return 0;
}

/* A version is made of all variables, and whatever is to follow from it in the same transaction. */
int store_environment_set(Store *store, const App *app, const Variables *variables, StoreEnvironmentUse use,
                          uint64_t queue_max, const StoreAsk *ask)
{
        static const char *const verbs[] = {
                [STORE_ENVIRONMENT_DEPLOY] = "environment-set",
                [STORE_ENVIRONMENT_LIVE] = "environment-set",
                [STORE_ENVIRONMENT_STAGE] = "environment-stage",
        };
        _cleanup_(lists_done) Lists lists = {};
        int r;

        assert(app);
        assert(use > STORE_ENVIRONMENT_UNSET && use < STORE_ENVIRONMENT_MAX);

        r = lists_make(variables, &lists);
        if (r < 0)
                return r;
        return store_submit(store,
                            &PG_QUERY(sql_environment_set, store_operation(), store_actor(ask),
                                      pg_u64(app->id), pg_text(verbs[use]),
                                      pg_bool(use == STORE_ENVIRONMENT_DEPLOY), pg_u64(queue_max),
                                      pg_bool(use == STORE_ENVIRONMENT_LIVE), pg_texts(lists.names),
                                      pg_texts(lists.values), pg_text(app->name), pg_u64(ask->queue_share)),
                            store_read_row, ask, NULL);
}

/* The version that the deployment runs with may be that of the live one, which keeps it: so a further one is
 * made. A version that was set for the app since then gets the defaults, too; not the live one's, to which
 * the app may have gone back. */
int store_environment_default(Store *store, const Deployment *deployment, const Variables *variables,
                              const StoreAsk *ask)
{
        _cleanup_(lists_done) Lists lists = {};
        int r;

        assert(deployment);

        r = lists_make(variables, &lists);
        if (r < 0)
                return r;
        return store_submit(store,
                            &PG_QUERY(sql_environment_default, store_operation(), store_actor(ask),
                                      pg_u64(deployment->id), pg_u64(deployment->app->id),
                                      pg_texts(lists.names), pg_texts(lists.values),
                                      pg_text(deployment->app->name)),
                            store_read_row, ask, NULL);
}

int store_environment_forget(Store *store, uint64_t id, const StoreAsk *ask)
{
        return store_submit(store, &PG_QUERY(sql_environment_forget, pg_u64(id)), store_read_nothing, ask,
                            NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

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
        static const char sql[] =
                "with done as (select deployment_id, at from event where operation = $1), "
                "room as (select where not exists (select from done) "
                "         and (not $5 or (select count(*) from deployment where status = 'queued') < $6 "
                "         and ($11 = 0 or (select count(*) from deployment where status = 'queued' and requested_by = $2) < $11))), "
                "made as (insert into deployment (app_id, kind, requested_revision, requested_by) "
                "  select $3, 'redeploy', coalesce((select requested_revision from deployment "
                "                                   where app_id = $3 and status = 'live'), ''), coalesce($2, 0) "
                "  from room where $5 returning id, created_at), "
                "version as (insert into environment_version (app_id, base_id, deployment_id) "
                "  select $3, (select environment_id from app where id = $3), (select id from made) from room "
                "  returning id), "
                "put as (insert into environment (version_id, name, value) "
                "  select version.id, v.name, convert_to(v.value, 'UTF8') "
                "  from version, unnest($8::text[], $9::text[]) v(name, value)), "
                "wished as (update app set environment_id = version.id from version where app.id = $3), "
                "applied as (update deployment set environment_id = version.id from version "
                "  where $7 and app_id = $3 and status = 'live'), "
                "noted as (insert into event (operation, actor_uid, verb, app_name, deployment_id, detail) "
                "  select $1, $2, $4, $10, (select id from made), "
                "         coalesce(left((select string_agg(n, ' ') from unnest($8::text[]) n), 2000), '') from version) "
                "select coalesce((select id from made), 0), now(), id from version "
                "union all select coalesce(deployment_id, 0), at, (select environment_id from app where id = $3) from done";
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
                            &PG_QUERY(sql, store_operation(), store_actor(ask), pg_u64(app->id),
                                      pg_text(verbs[use]), pg_bool(use == STORE_ENVIRONMENT_DEPLOY),
                                      pg_u64(queue_max), pg_bool(use == STORE_ENVIRONMENT_LIVE),
                                      pg_texts(lists.names), pg_texts(lists.values), pg_text(app->name),
                                      pg_u64(ask->queue_share)),
                            store_read_row, ask, NULL);
}

/* The version that the deployment runs with may be that of the live one, which keeps it: so a further one is
 * made. A version that was set for the app since then gets the defaults, too; not the live one's, to which
 * the app may have gone back. */
int store_environment_default(Store *store, const Deployment *deployment, const Variables *variables,
                              const StoreAsk *ask)
{
        static const char sql[] =
                "with done as (select at from event where operation = $1), "
                "now_is as (select d.environment_id as used, a.environment_id as wished from deployment d "
                "           join app a on a.id = d.app_id where d.id = $3 and not exists (select from done)), "
                "own as (select id from environment_version where deployment_id = $3), "
                "made as (insert into environment_version (app_id, base_id, deployment_id) "
                "  select $4, used, $3 from now_is where not exists (select from own) returning id), "
                "version as (select id from made union all select id from own), "
                "kept as (select made.id as version_id, e.name, e.value, e.key_id from made, now_is "
                "         join environment e on e.version_id = used), "
                "fresh as (select v.name, convert_to(v.value, 'UTF8') as value "
                "          from now_is, unnest($5::text[], $6::text[]) v(name, value) "
                "          where not exists (select from environment e where e.version_id = used and e.name = v.name)), "
                "put as (insert into environment (version_id, name, value, key_id) "
                "  select version_id, name, value, key_id from kept "
                "  union all select version.id, fresh.name, fresh.value, 0 from version, fresh "
                "  on conflict (version_id, name) do nothing), "
                "later as (insert into environment (version_id, name, value) "
                "  select wished, v.name, convert_to(v.value, 'UTF8') from now_is, unnest($5::text[], $6::text[]) v(name, value) "
                "  where wished is not null and wished is distinct from used and wished not in (select id from own) "
                "    and not exists (select from deployment l "
                "                    where l.app_id = $4 and l.status = 'live' and l.environment_id = wished) "
                "  on conflict (version_id, name) do nothing), "
                "used_by as (update deployment set environment_id = version.id from version, now_is where deployment.id = $3), "
                "wished_by as (update app set environment_id = version.id from version, now_is "
                "  where app.id = $4 and app.environment_id is not distinct from now_is.used), "
                "noted as (insert into event (operation, actor_uid, verb, app_name, detail) "
                "  select $1, $2, 'environment-default', $7, left(array_to_string($5::text[], ' '), 2000) from now_is) "
                "select $3::bigint, now(), id from version";
        _cleanup_(lists_done) Lists lists = {};
        int r;

        assert(deployment);

        r = lists_make(variables, &lists);
        if (r < 0)
                return r;
        return store_submit(store,
                            &PG_QUERY(sql, store_operation(), store_actor(ask), pg_u64(deployment->id),
                                      pg_u64(deployment->app->id), pg_texts(lists.names),
                                      pg_texts(lists.values), pg_text(deployment->app->name)),
                            store_read_row, ask, NULL);
}

int store_environment_forget(Store *store, uint64_t id, const StoreAsk *ask)
{
        static const char sql[] =
                "with unused as (update deployment set environment_id = null where environment_id = $1 "
                "                and status in ('superseded', 'failed', 'cancelled')) "
                "delete from environment_version where id = $1";

        return store_submit(store, &PG_QUERY(sql, pg_u64(id)), store_read_nothing, ask, NULL);
}

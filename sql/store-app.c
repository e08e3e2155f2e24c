/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/text.h"
#include "sql/store-internal.h"
#include "sql/store-settings.h"

/* The first parameters that are settings. */
#define INSERT_SETTINGS 9
#define SET_SETTINGS    5

/* %1$s: the columns of the settings; %2$s: their parameters. */
#define INSERT                                                                                                  \
        "with done as (select at from event where operation = $1), "                                            \
        "free as (select port from generate_series($6::int, $7::int) port "                                     \
        "  where not exists (select from app where app.port = port.port) "                                      \
        "    and not exists (select from retired_port r where r.port = port.port "                              \
        "                    and r.retired_at > now() - interval '24 hours') "                                  \
        "  order by port limit 1), "                                                                            \
        "taken as (delete from removed_app where id = $8 and data = 'kept' and exists (select from free) "      \
        "          and not exists (select from done) returning id), "                                           \
        "made as (insert into app (id, name, repository_id, port, %1$s) overriding system value "               \
        "  select coalesce((select id from taken), nextval(pg_get_serial_sequence('app', 'id')::regclass)), "   \
        "         $3, $4, port, %2$s "                                                                          \
        "  from free where not exists (select from done) and ($8 is null or exists (select from taken)) "       \
        "  returning id, created_at, port, name), "                                                             \
        "noted as (insert into event (operation, actor_uid, verb, app_name, repository_name) "                  \
        "  select $1, $2, 'app-create', name, $5 from made) "                                                   \
        "select id, created_at, port::bigint from made "                                                        \
        "union all select id, created_at, port::bigint from app where name = $3 and exists (select from done) " \
        "union all select 0, now(), 0 from free where $8 is not null and not exists (select from taken) "       \
        "  and not exists (select from done)"

int store_app_insert(Store *store, const char *name, const Repository *repository,
                     const AppSettings *settings, uint16_t low, uint16_t high, uint64_t data,
                     const StoreAsk *ask)
{
        const StoreSettings all = { .table = &app_settings, .first = INSERT_SETTINGS };
        _cleanup_free_ char *columns = store_settings_columns(&all, COLUMN_NAME),
                            *parameters = store_settings_columns(&all, COLUMN_PARAMETER), *sql = NULL;
        _cleanup_(store_values_clear) StoreValues values = {
                .values = { store_operation(), store_actor(ask), pg_text(name), pg_u64(repository->id),
                            pg_text(repository->name), pg_u64(low), pg_u64(high),
                            data ? pg_u64(data) : pg_null() },
                .n = INSERT_SETTINGS - 1,
        };

        if (!columns || !parameters || store_values_append(&values, &app_settings, settings) < 0)
                return -ENOMEM;
        sql = text_format(INSERT, columns, parameters);
        if (!sql)
                return -ENOMEM;
        return store_submit(store, &(const PgQuery){ __func__, sql, values.values, values.n, false },
                            store_read_row, ask, NULL);
}

/* %1$s: all settings with their parameters; %2$s: those of a deployment. */
#define SET                                                                         \
        "with done as (select at from event where operation = $1), "                \
        "changed as (update app set %1$s "                                          \
        "  where id = $3 and not exists (select from done) returning id, name), "   \
        "applied as (update deployment set %2$s "                                   \
        "  from changed where $4 and app_id = $3 and deployment.status = 'live'), " \
        "noted as (insert into event (operation, actor_uid, verb, app_name) "       \
        "  select $1, $2, 'app-set', name from changed) "                           \
        "select id, now(), null::bigint from changed union all select $3, at, null::bigint from done"

int store_app_set(Store *store, const App *app, const AppSettings *settings, bool apply, const StoreAsk *ask)
{
        const StoreSettings all = { .table = &app_settings, .first = SET_SETTINGS },
                            kept = { .table = &app_settings, .first = SET_SETTINGS, .of_deployment = true };
        _cleanup_free_ char *set_all = store_settings_columns(&all, COLUMN_SET),
                            *set_kept = store_settings_columns(&kept, COLUMN_SET), *sql = NULL;
        _cleanup_(store_values_clear) StoreValues values = {
                .values = { store_operation(), store_actor(ask), pg_u64(app->id), pg_bool(apply) },
                .n = SET_SETTINGS - 1,
        };

        if (!set_all || !set_kept || store_values_append(&values, &app_settings, settings) < 0)
                return -ENOMEM;
        sql = text_format(SET, set_all, set_kept);
        if (!sql)
                return -ENOMEM;
        return store_submit(store, &(const PgQuery){ __func__, sql, values.values, values.n, false },
                            store_read_row, ask, NULL);
}

int store_app_apply(Store *store, const App *app, const StoreAsk *ask)
{
        const StoreSettings kept = { .table = &app_settings, .of_deployment = true, .from = "app" };
        _cleanup_free_ char *columns = store_settings_columns(&kept, COLUMN_COPY), *sql = NULL;

        if (!columns)
                return -ENOMEM;
        sql = text_format(
                "with done as (select deployment_id, at from event where operation = $1), "
                "changed as (update deployment set environment_id = app.environment_id, %s "
                "  from app where app.id = $3 and app_id = $3 and deployment.status = 'live' "
                "    and not exists (select from done) returning deployment.id), "
                "noted as (insert into event (operation, actor_uid, verb, app_name, deployment_id) "
                "  select $1, $2, 'redeploy', $4, id from changed) "
                "select id, now(), null::bigint from changed "
                "union all select deployment_id, at, null::bigint from done",
                columns);
        if (!sql)
                return -ENOMEM;
        return store_submit(
                store,
                &PG_QUERY(sql, store_operation(), store_actor(ask), pg_u64(app->id), pg_text(app->name)),
                store_read_row, ask, NULL);
}

int store_app_set_status(Store *store, const App *app, bool stopped, AppStatus status, const char *verb,
                         const StoreAsk *ask)
{
        static const char sql[] =
                "with done as (select at from event where operation = $1), "
                "changed as (update app set wanted = $4, status = $5 "
                "  where id = $3 and not exists (select from done) returning id, name), "
                "noted as (insert into event (operation, actor_uid, verb, app_name, to_status) "
                "  select $1, $2, $6, name, $5 from changed) "
                "select id, now(), null::bigint from changed union all select $3, at, null::bigint from "
                "done";

        return store_submit(store,
                            &PG_QUERY(sql, store_operation(), store_actor(ask), pg_u64(app->id),
                                      pg_text(stopped ? "stopped" : "running"),
                                      pg_text(app_status_to_string(status)), pg_text(verb)),
                            store_read_row, ask, NULL);
}

int store_app_delete(Store *store, const App *app, uint64_t keep_usec, const StoreAsk *ask)
{
        static const char sql[] =
                "with done as (select at from event where operation = $1), "
                "gone as (delete from app where id = $3 and not exists (select from done) returning id, name, port), "
                "retired as (insert into retired_port (port) select port from gone "
                "  on conflict (port) do update set retired_at = now()), "
                "kept as (insert into removed_app (id, name, removed_by, last_deployment, keep_until) "
                "  select id, name, $2, coalesce(pg_sequence_last_value("
                "           pg_get_serial_sequence('deployment', 'id')::regclass), 0), "
                "         now() + $4 * interval '1 microsecond' from gone), "
                "noted as (insert into event (operation, actor_uid, verb, app_name) "
                "  select $1, $2, 'app-remove', name from gone) "
                "select id, now(), coalesce(pg_sequence_last_value("
                "         pg_get_serial_sequence('deployment', 'id')::regclass), 0) from gone "
                "union all select $3, at, (select last_deployment from removed_app where id = $3) from done";

        return store_submit(
                store,
                &PG_QUERY(sql, store_operation(), store_actor(ask), pg_u64(app->id), pg_u64(keep_usec)),
                store_read_row, ask, NULL);
}

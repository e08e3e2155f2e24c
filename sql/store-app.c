/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "sql/store-internal.h"

int store_app_insert(Store *store, const char *name, const Repository *repository,
                     const AppSettings *settings, uint16_t low, uint16_t high, const StoreAsk *ask)
{
        static const char sql[] =
                "with done as (select at from event where operation = $1), "
                "free as (select port from generate_series($12::int, $13::int) port "
                "  where not exists (select from app where app.port = port.port) "
                "    and not exists (select from retired_port r where r.port = port.port "
                "                    and r.retired_at > now() - interval '24 hours') "
                "  order by port limit 1), "
                "made as (insert into app (name, repository_id, port, branch, directory, stop_timeout_usec, memory_max, "
                "                          tasks_max, cpu_quota_usec, access_mode, keep_releases, formation, buildpack, "
                "                          build_command, readiness, health_check_path, health_check_timeout_usec) "
                "  select $3, $4, port, $5, $6, $7, $8, $9, $10, $14, $15, $16::text[], $17, $18, $19, $20, $21 "
                "  from free where not exists (select from done) "
                "  returning id, created_at, port, name), "
                "noted as (insert into event (operation, actor_uid, verb, app_name, repository_name) "
                "  select $1, $2, 'app-create', name, $11 from made) "
                "select id, created_at, port::bigint from made "
                "union all select id, created_at, port::bigint from app where name = $3 and exists (select from done)";
        _cleanup_free_ char **formation = formation_format(&settings->formation);

        if (!formation)
                return -ENOMEM;
        return store_submit(
                store,
                &PG_QUERY(sql, store_operation(), store_actor(ask), pg_text(name), pg_u64(repository->id),
                          pg_text(settings->branch), pg_text(settings->directory),
                          pg_u64(settings->stop_timeout_usec), pg_u64(settings->memory_max),
                          pg_u64(settings->tasks_max), pg_u64(settings->cpu_quota_usec),
                          pg_text(repository->name), pg_u64(low), pg_u64(high),
                          pg_text(settings->access_mode), pg_u64(settings->keep_releases),
                          pg_texts((const char *const *) formation), pg_text(settings->buildpack),
                          pg_text(settings->build_command), pg_text(settings->readiness),
                          pg_text(settings->health_check_path), pg_u64(settings->health_check_timeout_usec)),
                store_read_row, ask, NULL);
}

int store_app_set(Store *store, const App *app, const AppSettings *settings, const StoreAsk *ask)
{
        static const char sql[] =
                "with done as (select at from event where operation = $1), "
                "changed as (update app set branch = $4, directory = $5, stop_timeout_usec = $6, memory_max = $7, "
                "                           tasks_max = $8, cpu_quota_usec = $9, access_mode = $10, keep_releases = $11, "
                "                           formation = $12::text[], buildpack = $13, build_command = $14, "
                "                           readiness = $15, health_check_path = $16, health_check_timeout_usec = $17 "
                "  where id = $3 and not exists (select from done) returning id, name), "
                "noted as (insert into event (operation, actor_uid, verb, app_name) "
                "  select $1, $2, 'app-set', name from changed) "
                "select id, now(), null::bigint from changed union all select $3, at, null::bigint from done";
        _cleanup_free_ char **formation = formation_format(&settings->formation);

        if (!formation)
                return -ENOMEM;
        return store_submit(store,
                            &PG_QUERY(sql, store_operation(), store_actor(ask), pg_u64(app->id),
                                      pg_text(settings->branch), pg_text(settings->directory),
                                      pg_u64(settings->stop_timeout_usec), pg_u64(settings->memory_max),
                                      pg_u64(settings->tasks_max), pg_u64(settings->cpu_quota_usec),
                                      pg_text(settings->access_mode), pg_u64(settings->keep_releases),
                                      pg_texts((const char *const *) formation),
                                      pg_text(settings->buildpack), pg_text(settings->build_command),
                                      pg_text(settings->readiness), pg_text(settings->health_check_path),
                                      pg_u64(settings->health_check_timeout_usec)),
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

int store_app_delete(Store *store, const App *app, const StoreAsk *ask)
{
        static const char sql[] = "with done as (select at from event where operation = $1), "
                                  "gone as (delete from app where id = $3 and not exists (select from done) "
                                  "returning id, name, port), "
                                  "retired as (insert into retired_port (port) select port from gone "
                                  "  on conflict (port) do update set retired_at = now()), "
                                  "noted as (insert into event (operation, actor_uid, verb, app_name) "
                                  "  select $1, $2, 'app-remove', name from gone) "
                                  "select id, now(), null::bigint from gone union all select $3, at, "
                                  "null::bigint from done";

        return store_submit(store, &PG_QUERY(sql, store_operation(), store_actor(ask), pg_u64(app->id)),
                            store_read_row, ask, NULL);
}

int store_app_default_environment(Store *store, const App *app, const Variables *variables,
                                  const StoreAsk *ask)
{
        static const char sql[] =
                "with done as (select at from event where operation = $1), "
                "put as (insert into environment (app_id, name, value) "
                "  select $3, v.name, convert_to(v.value, 'UTF8') from unnest($4::text[], $5::text[]) v(name, value) "
                "  where not exists (select from done) on conflict (app_id, name) do nothing), "
                "noted as (insert into event (operation, actor_uid, verb, app_name, detail) "
                "  select $1, $2, 'environment-default', $6, left(array_to_string($4::text[], ' '), 2000) "
                "  where not exists (select from done)) "
                "select $3::bigint, now(), null::bigint";
        _cleanup_free_ const char **names = calloc(variables->n + 1, sizeof(char *));
        _cleanup_free_ const char **values = calloc(variables->n + 1, sizeof(char *));

        if (!names || !values)
                return -ENOMEM;
        for (size_t i = 0; i < variables->n; i++) {
                names[i] = variables->items[i].name;
                values[i] = variables->items[i].value;
        }
        return store_submit(store,
                            &PG_QUERY(sql, store_operation(), store_actor(ask), pg_u64(app->id),
                                      pg_texts(names), pg_texts(values), pg_text(app->name)),
                            store_read_row, ask, NULL);
}

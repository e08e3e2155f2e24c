/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "sql/store-internal.h"

int store_app_insert(Store *store, const char *name, const Repository *repository,
                     const AppSettings *settings, uint16_t low, uint16_t high, uint64_t data,
                     const StoreAsk *ask)
{
        static const char sql[] =
                "with done as (select at from event where operation = $1), "
                "free as (select port from generate_series($12::int, $13::int) port "
                "  where not exists (select from app where app.port = port.port) "
                "    and not exists (select from retired_port r where r.port = port.port "
                "                    and r.retired_at > now() - interval '24 hours') "
                "  order by port limit 1), "
                "taken as (delete from removed_app where id = $23 and data = 'kept' and exists (select from free) "
                "          and not exists (select from done) returning id), "
                "made as (insert into app (id, name, repository_id, port, branch, directory, stop_timeout_usec, memory_max, "
                "                          tasks_max, cpu_quota_usec, access_mode, keep_releases, formation, buildpack, "
                "                          build_command, readiness, health_check_path, health_check_timeout_usec, "
                "                          check_settle_usec) "
                "  overriding system value "
                "  select coalesce((select id from taken), nextval(pg_get_serial_sequence('app', 'id')::regclass)), "
                "         $3, $4, port, $5, $6, $7, $8, $9, $10, $14, $15, $16::text[], $17, $18, $19, $20, "
                "         $21, $22 "
                "  from free where not exists (select from done) and ($23 is null or exists (select from taken)) "
                "  returning id, created_at, port, name), "
                "noted as (insert into event (operation, actor_uid, verb, app_name, repository_name) "
                "  select $1, $2, 'app-create', name, $11 from made) "
                "select id, created_at, port::bigint from made "
                "union all select id, created_at, port::bigint from app where name = $3 and exists (select from done) "
                "union all select 0, now(), 0 from free where $23 is not null and not exists (select from taken) "
                "  and not exists (select from done)";
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
                          pg_text(settings->health_check_path), pg_u64(settings->health_check_timeout_usec),
                          pg_u64(settings->check_settle_usec), data ? pg_u64(data) : pg_null()),
                store_read_row, ask, NULL);
}

int store_app_set(Store *store, const App *app, const AppSettings *settings, bool apply, const StoreAsk *ask)
{
        static const char sql[] =
                "with done as (select at from event where operation = $1), "
                "changed as (update app set branch = $4, directory = $5, stop_timeout_usec = $6, memory_max = $7, "
                "                           tasks_max = $8, cpu_quota_usec = $9, access_mode = $10, keep_releases = $11, "
                "                           formation = $12::text[], buildpack = $13, build_command = $14, "
                "                           readiness = $15, health_check_path = $16, health_check_timeout_usec = $17, "
                "                           check_settle_usec = $18 "
                "  where id = $3 and not exists (select from done) returning id, name), "
                "applied as (update deployment set branch = $4, directory = $5, buildpack = $13, build_command = $14, "
                "                    readiness = $15, health_check_path = $16, health_check_timeout_usec = $17, "
                "                    check_settle_usec = $18 "
                "  from changed where $19 and app_id = $3 and deployment.status = 'live'), "
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
                                      pg_u64(settings->health_check_timeout_usec),
                                      pg_u64(settings->check_settle_usec), pg_bool(apply)),
                            store_read_row, ask, NULL);
}

int store_app_apply(Store *store, const App *app, const StoreAsk *ask)
{
        static const char sql[] =
                "with done as (select deployment_id, at from event where operation = $1), "
                "changed as (update deployment set environment_id = app.environment_id, branch = app.branch, "
                "    directory = app.directory, buildpack = app.buildpack, build_command = app.build_command, "
                "    readiness = app.readiness, health_check_path = app.health_check_path, "
                "    health_check_timeout_usec = app.health_check_timeout_usec, "
                "    check_settle_usec = app.check_settle_usec "
                "  from app where app.id = $3 and app_id = $3 and deployment.status = 'live' "
                "    and not exists (select from done) returning deployment.id), "
                "noted as (insert into event (operation, actor_uid, verb, app_name, deployment_id) "
                "  select $1, $2, 'redeploy', $4, id from changed) "
                "select id, now(), null::bigint from changed "
                "union all select deployment_id, at, null::bigint from done";

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

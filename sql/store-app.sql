-- SPDX-License-Identifier: LGPL-2.1-or-later

-- name: app_insert
-- %1$s: the columns of the settings; %2$s: their parameters.
with done as (select at from event where operation = $1),
free as (select port from generate_series($6::int, $7::int) port
  where not exists (select from app where app.port = port.port)
    and not exists (select from retired_port r where r.port = port.port
                    and r.retired_at > now() - interval '24 hours')
  order by port limit 1),
taken as (delete from removed_app where id = $8 and data = 'kept' and exists (select from free)
          and not exists (select from done) returning id),
made as (insert into app (id, name, repository_id, port, %1$s) overriding system value
  select coalesce((select id from taken), nextval(pg_get_serial_sequence('app', 'id')::regclass)),
         $3, $4, port, %2$s
  from free where not exists (select from done) and ($8 is null or exists (select from taken))
  returning id, created_at, port, name),
noted as (insert into event (operation, actor_uid, verb, app_name, repository_name)
  select $1, $2, 'app-create', name, $5 from made)
select id, created_at, port::bigint from made
union all select id, created_at, port::bigint from app where name = $3 and exists (select from done)
union all select 0, now(), 0 from free where $8 is not null and not exists (select from taken)
  and not exists (select from done)

-- name: app_set
-- %1$s: all settings with their parameters; %2$s: those of a deployment.
with done as (select at from event where operation = $1),
changed as (update app set %1$s
  where id = $3 and not exists (select from done) returning id, name),
applied as (update deployment set %2$s
  from changed where $4 and app_id = $3 and deployment.status = 'live'),
noted as (insert into event (operation, actor_uid, verb, app_name)
  select $1, $2, 'app-set', name from changed)
select id, now(), null::bigint from changed union all select $3, at, null::bigint from done

-- name: app_apply
-- %s: those settings of the app that a deployment keeps.
with done as (select deployment_id, at from event where operation = $1),
changed as (update deployment set environment_id = app.environment_id, %s
  from app where app.id = $3 and app_id = $3 and deployment.status = 'live'
    and not exists (select from done) returning deployment.id),
noted as (insert into event (operation, actor_uid, verb, app_name, deployment_id)
  select $1, $2, 'redeploy', $4, id from changed)
select id, now(), null::bigint from changed
union all select deployment_id, at, null::bigint from done

-- name: app_set_status
with done as (select at from event where operation = $1),
changed as (update app set wanted = $4, status = $5
  where id = $3 and not exists (select from done) returning id, name),
noted as (insert into event (operation, actor_uid, verb, app_name, to_status)
  select $1, $2, $6, name, $5 from changed)
select id, now(), null::bigint from changed union all select $3, at, null::bigint from done

-- name: app_delete
with done as (select at from event where operation = $1),
gone as (delete from app where id = $3 and not exists (select from done) returning id, name, port),
retired as (insert into retired_port (port) select port from gone
  on conflict (port) do update set retired_at = now()),
kept as (insert into removed_app (id, name, removed_by, last_deployment, keep_until)
  select id, name, $2, coalesce(pg_sequence_last_value(
           pg_get_serial_sequence('deployment', 'id')::regclass), 0),
         now() + $4 * interval '1 microsecond' from gone),
noted as (insert into event (operation, actor_uid, verb, app_name)
  select $1, $2, 'app-remove', name from gone)
select id, now(), coalesce(pg_sequence_last_value(
         pg_get_serial_sequence('deployment', 'id')::regclass), 0) from gone
union all select $3, at, (select last_deployment from removed_app where id = $3) from done

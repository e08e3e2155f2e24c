-- SPDX-License-Identifier: LGPL-2.1-or-later

-- name: environment_set
with done as (select deployment_id, at from event where operation = $1),
room as (select where not exists (select from done)
         and (not $5 or (select count(*) from deployment where status = 'queued') < $6
         and ($11 = 0 or (select count(*) from deployment where status = 'queued' and requested_by = $2) < $11))),
made as (insert into deployment (app_id, kind, requested_revision, requested_by)
  select $3, 'redeploy', coalesce((select requested_revision from deployment
                                   where app_id = $3 and status = 'live'), ''), coalesce($2, 0)
  from room where $5 returning id, created_at),
version as (insert into environment_version (app_id, base_id, deployment_id)
  select $3, (select environment_id from app where id = $3), (select id from made) from room
  returning id),
put as (insert into environment (version_id, name, value)
  select version.id, v.name, convert_to(v.value, 'UTF8')
  from version, unnest($8::text[], $9::text[]) v(name, value)),
wished as (update app set environment_id = version.id from version where app.id = $3),
applied as (update deployment set environment_id = version.id from version
  where $7 and app_id = $3 and status = 'live'),
noted as (insert into event (operation, actor_uid, verb, app_name, deployment_id, detail)
  select $1, $2, $4, $10, (select id from made),
         coalesce(left((select string_agg(n, ' ') from unnest($8::text[]) n), 2000), '') from version)
select coalesce((select id from made), 0), now(), id from version
union all select coalesce(deployment_id, 0), at, (select environment_id from app where id = $3) from done

-- name: environment_default
with done as (select at from event where operation = $1),
now_is as (select d.environment_id as used, a.environment_id as wished from deployment d
           join app a on a.id = d.app_id where d.id = $3 and not exists (select from done)),
own as (select id from environment_version where deployment_id = $3),
made as (insert into environment_version (app_id, base_id, deployment_id)
  select $4, used, $3 from now_is where not exists (select from own) returning id),
version as (select id from made union all select id from own),
kept as (select made.id as version_id, e.name, e.value, e.key_id from made, now_is
         join environment e on e.version_id = used),
fresh as (select v.name, convert_to(v.value, 'UTF8') as value
          from now_is, unnest($5::text[], $6::text[]) v(name, value)
          where not exists (select from environment e where e.version_id = used and e.name = v.name)),
put as (insert into environment (version_id, name, value, key_id)
  select version_id, name, value, key_id from kept
  union all select version.id, fresh.name, fresh.value, 0 from version, fresh
  on conflict (version_id, name) do nothing),
later as (insert into environment (version_id, name, value)
  select wished, v.name, convert_to(v.value, 'UTF8') from now_is, unnest($5::text[], $6::text[]) v(name, value)
  where wished is not null and wished is distinct from used and wished not in (select id from own)
    and not exists (select from deployment l
                    where l.app_id = $4 and l.status = 'live' and l.environment_id = wished)
  on conflict (version_id, name) do nothing),
used_by as (update deployment set environment_id = version.id from version, now_is where deployment.id = $3),
wished_by as (update app set environment_id = version.id from version, now_is
  where app.id = $4 and app.environment_id is not distinct from now_is.used),
noted as (insert into event (operation, actor_uid, verb, app_name, detail)
  select $1, $2, 'environment-default', $7, left(array_to_string($5::text[], ' '), 2000) from now_is)
select $3::bigint, now(), id from version

-- name: environment_forget
with unused as (update deployment set environment_id = null where environment_id = $1
                and status in ('superseded', 'failed', 'cancelled'))
delete from environment_version where id = $1

-- SPDX-License-Identifier: LGPL-2.1-or-later

-- name: deployment_insert
with done as (select deployment_id from event where operation = $1),
same as (select id, created_at,
           case when app_id = $3 and requested_revision = $4 and kind = $9 then 1 else 2 end as kind
         from deployment where requested_by = $2 and request_id = $5),
made as (insert into deployment (app_id, kind, requested_revision, requested_by, request_id)
  select $3, $9, $4, $2, $5 where not exists (select from done) and not exists (select from same)
    and (select count(*) from deployment where status = 'queued') < $6
    and ($8 = 0 or (select count(*) from deployment where status = 'queued' and requested_by = $2) < $8)
  returning id, created_at),
noted as (insert into event (operation, actor_uid, verb, app_name, deployment_id, to_status, detail)
  select $1, $2, $9, $7, id, 'queued', $4 from made),
shown as (update app set status = 'deploying' where id = $3 and status in ('new', 'failed')
    and exists (select from made)
    and not exists (select from deployment where app_id = $3 and status = 'live'))
select id, created_at, 0::bigint from made
union all select id, created_at, kind::bigint from same where not exists (select from done)
union all select d.id, d.created_at, 0::bigint from deployment d join done on done.deployment_id = d.id

-- name: deployment_redeploy
with done as (select deployment_id, at from event where operation = $1),
room as (select where not exists (select from done)
         and (select count(*) from deployment where status = 'queued') < $6
         and ($8 = 0 or (select count(*) from deployment where status = 'queued' and requested_by = $2) < $8)),
made as (insert into deployment (app_id, kind, rollback_to, requested_revision, requested_by)
  select $3, $4, $5, coalesce((select requested_revision from deployment where app_id = $3
           and (id = $5 or $5 is null and status = 'live')), ''), coalesce($2, 0) from room
  returning id, created_at),
noted as (insert into event (operation, actor_uid, verb, app_name, deployment_id)
  select $1, $2, $4, $7, id from made)
select id, created_at, null::bigint from made
union all select d.id, d.created_at, null::bigint from done join deployment d on d.id = done.deployment_id

-- name: deployment_move
with done as (select at from event where operation = $1),
moved as (update deployment set status = $5, error_summary = $6, error_quote = $14, revision = $12,
    started_at = case when $4 = 'queued' and $7 then now() else started_at end,
    finished_at = case when $8 then coalesce(finished_at, now()) else null end
  where id = $3 and status = $4 and not exists (select from done) returning id, app_id),
-- Only what is still so goes back: somebody may have set variables since.
brought as (select v.id, v.base_id from environment_version v join moved on v.deployment_id = moved.id
            where $13 and exists (select from deployment l where l.app_id = moved.app_id and l.status = 'live')),
relinked as (update environment_version later set base_id = brought.base_id from brought
             where later.base_id = brought.id),
shown as (update app set status = $9, environment_id = case
    when exists (select from brought where brought.id = app.environment_id)
    then (select base_id from brought) else environment_id end
  from moved where app.id = moved.app_id and (app.status <> $9
    or exists (select from brought where brought.id = app.environment_id))),
noted as (insert into event (operation, actor_uid, verb, app_name, deployment_id, from_status, to_status, detail)
  select $1, $2, 'deployment-move', $10, id, $4, $5, $11 from moved)
select id, now(), null::bigint from moved union all select $3, at, null::bigint from done

-- name: deployment_go_live
with done as (select at from event where operation = $1),
moved as (update deployment set status = $5, finished_at = now()
  where id = $3 and status = $4 and not exists (select from done)
  returning id, app_id, assigned_port),
old as (update deployment set status = $7 from moved
  where deployment.app_id = moved.app_id and deployment.status = $6 and deployment.id <> moved.id
  returning deployment.id),
-- Deploy and Rollback say that it is to run; what repeats the live one says nothing.
shown as (update app set status = case when $11 or wanted = 'running' then 'running' else 'stopped' end,
    wanted = case when $11 then 'running' else wanted end, current_port = moved.assigned_port
  from moved where app.id = moved.app_id),
noted as (insert into event (operation, actor_uid, verb, app_name, deployment_id, from_status, to_status, detail)
  select $1::uuid, $2::bigint, 'deployment-move', $8, id, $4, $5, $9 from moved
  union all select null, $2::bigint, 'deployment-move', $8, id, $6, $7, $10 from old)
select id, now(), null::bigint from moved union all select $3, at, null::bigint from done

-- name: deployment_forget_instances
with gone as (delete from instance where deployment_id = $1 returning port),
freed as (delete from port_lease where deployment_id = $1 returning port),
unset as (update app set current_port = null where current_port in (select port from freed))
select $1::bigint, now(), count(*) from freed

-- name: deployment_forget_release
with gone as (delete from release where id = $1 and not exists
  (select from deployment where release_id = $1 and status not in ('superseded', 'failed', 'cancelled'))
  returning id)
select $1::bigint, now(), count(*) from gone

-- name: deployment_set_logs_path
update deployment set logs_path = $2 where id = $1

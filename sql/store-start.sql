-- SPDX-License-Identifier: LGPL-2.1-or-later

-- name: deployment_start
with done as (select at from event where operation = $1),
asked as (select a.place, a.process, a.number, a.unit, a.has_port,
            count(*) filter (where a.has_port) over (order by a.place) as port_place
          from unnest($6::text[], $7::bigint[], $8::text[], $9::bigint[]) with ordinality
            as u(process, number, unit, port_flag, place),
          lateral (select u.place, u.process, u.number, u.unit, u.port_flag = 1 as has_port) a),
free as (select port, row_number() over (order by port < $12, port) as place
         from generate_series($10::int, $11::int) port
         where not exists (select from port_lease l where l.port = port.port)
           and not exists (select from unnest($16::bigint[]) as held (port) where held.port = port.port)
         order by port < $12, port limit (select count(*) from asked where has_port)),
enough as (select from deployment where id = $3 and status = $4
           and not exists (select from done)
           and ($15::bigint is null or exists (select from release r where r.id = $15 and r.app_id = deployment.app_id))
           and (select count(*) from free) = (select count(*) from asked where has_port)),
leased as (insert into port_lease (port, deployment_id, process, number)
  select f.port, $3, a.process, a.number from asked a join free f on a.has_port and f.place = a.port_place
  where exists (select from enough) returning port, process, number),
placed as (insert into instance (deployment_id, process, number, port, unit)
  select $3, a.process, a.number, l.port, a.unit from asked a
    left join leased l on l.process = a.process and l.number = a.number
  where exists (select from enough) returning process, number, port),
-- The same for one that is live and gets more of them: then web.1 is news, and nothing else.
moved as (update deployment set status = $5, started_at = coalesce(started_at, now()),
    release_id = coalesce($15, release_id),
    revision = coalesce((select r.revision from release r where r.id = $15), revision),
    image_tag = coalesce((select r.image_tag from release r where r.id = $15), image_tag),
    assigned_port = coalesce((select port from placed where process = 'web' and number = 1), assigned_port)
  where id = $3 and exists (select from enough) returning id, app_id, status),
shown as (update app set current_port = placed.port from moved, placed
  where app.id = moved.app_id and moved.status = 'live' and placed.process = 'web' and placed.number = 1),
noted as (insert into event (operation, actor_uid, verb, app_name, deployment_id, from_status, to_status, detail)
  select $1, $2, case when $4 = $5 then 'scale' else 'deployment-move' end, $13, id, $4, $5, $14 from moved)
select * from (
  select m.id, now(), 0::bigint, p.port::bigint, a.place
    from moved m, asked a join placed p on p.process = a.process and p.number = a.number
  union all select $3, at, 0::bigint, i.port::bigint, a.place
    from done, asked a join instance i on i.deployment_id = $3 and i.process = a.process
                                       and i.number = a.number
  union all select id, now(), case when $15 is null
        or exists (select from release r where r.id = $15 and r.app_id = deployment.app_id) then 1 else 2 end::bigint,
      null::bigint, 0 from deployment
    where id = $3 and status = $4 and not exists (select from done) and not exists (select from enough)
) result order by place

-- name: deployment_forget_instance
with gone as (delete from instance where deployment_id = $1 and process = $2 and number = $3),
freed as (delete from port_lease where deployment_id = $1 and process = $2 and number = $3
          returning port),
unset as (update app set current_port = null where current_port in (select port from freed))
select $1::bigint, now(), count(*) from freed

-- name: deployment_set_release
with built as (insert into release (id, app_id, revision, image_tag, digest, files, bytes, processes,
                                    build_key, buildpack, formation, health_check_path,
                                    health_check_attempts, health_check_timeout_usec,
                                    health_check_wait_usec)
  select $1, $2, $3, $4, $6::text, $7, $8, $9::text[], $10, $11, $12::text[], $13, $14, $15, $16
  where $6::text is not null on conflict (id) do nothing)
update deployment set revision = $3, image_tag = $4, release_id = $5 where id = $1
returning id, now(), release_id

-- SPDX-License-Identifier: LGPL-2.1-or-later

-- name: installation_raise
-- Raises the numbers that tables give out next: what is on the disk under a number is never given to something else.
-- Ids that were given out stay so.
with raised_app as (select case
  when $1 > coalesce(pg_sequence_last_value(pg_get_serial_sequence('app', 'id')::regclass), 0)
  then setval(pg_get_serial_sequence('app', 'id')::regclass, $1) end),
raised_deployment as (select case
  when $2 > coalesce(pg_sequence_last_value(pg_get_serial_sequence('deployment', 'id')::regclass), 0)
  then setval(pg_get_serial_sequence('deployment', 'id')::regclass, $2) end),
raised_repository as (select case
  when $3 > coalesce(pg_sequence_last_value(pg_get_serial_sequence('repository', 'id')::regclass), 0)
  then setval(pg_get_serial_sequence('repository', 'id')::regclass, $3) end)
select null::bigint, now(), count(*) from raised_app, raised_deployment, raised_repository

-- name: installation_set
with changed as (update installation set id = coalesce($3, id), machine = $4 returning id),
noted as (insert into event (operation, actor_uid, verb, detail)
  select $1, $2, case when $3 is null then 'installation-note' else 'adopt' end, id::text from changed
  on conflict (operation) do nothing)
select null::bigint, now(), count(*) from changed

-- name: removed_app_set_data
with changed as (update removed_app set data = $2 where id = $1 and not exists (select from app where id = $1)
  and (data = 'kept' and $2 = 'deleting' or data in ('deleting', $2)) returning id)
select id, now(), null::bigint from changed

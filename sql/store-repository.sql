-- SPDX-License-Identifier: LGPL-2.1-or-later

-- name: repository_insert
with done as (select at from event where operation = $1),
made as (insert into repository (name, git_url, default_branch)
  select $3, $4, $5 where not exists (select from done) returning id, created_at, name),
noted as (insert into event (operation, actor_uid, verb, repository_name, detail)
  select $1, $2, 'repository-create', name, $4 from made)
select id, created_at, null::bigint from made
union all select id, created_at, null::bigint from repository
  where name = $3 and exists (select from done)

-- name: repository_set
-- %s: what is set to $4.
with done as (select at from event where operation = $1),
changed as (update repository set %s where id = $3 and not exists (select from done) returning id, name),
noted as (insert into event (operation, actor_uid, verb, repository_name, detail)
  select $1, $2, $5, name, $4 from changed)
select id, now(), null::bigint from changed
union all select $3, at, null::bigint from done

-- name: repository_count_fetch
-- Sent twice it counts two: the number only has to be a new one.
update repository set fetches = fetches + 1 where id = $1
returning id, now(), fetches::bigint

-- name: repository_delete
with done as (select at from event where operation = $1),
gone as (delete from repository where id = $3 and not exists (select from done) returning id, name),
noted as (insert into event (operation, actor_uid, verb, repository_name)
  select $1, $2, 'repository-remove', name from gone)
select id, now(), null::bigint from gone union all select $3, at, null::bigint from done

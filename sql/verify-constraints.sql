-- SPDX-License-Identifier: LGPL-2.1-or-later

-- name: furnish
-- The ids begin again: what was taken from a sequence is not given back.
alter table repository alter id restart;
alter table app alter id restart;
alter table deployment alter id restart;
alter table environment_version alter id restart;
alter table event alter id restart;
-- Two apps of one repository, each with a version of its environment; the first has a live deployment, a starting one and a
-- queued one.
insert into repository (name, git_url) values ('code', 'https://example.com/code.git');
insert into app (name, repository_id, port) values ('shop', 1, 30000), ('blog', 1, 30001);
insert into deployment (app_id) values (1), (1), (1), (2);
insert into release (id, app_id, revision, image_tag, digest, files, bytes)
  select id, app_id, repeat('0', 40), 'x:0123456789ab-' || id, repeat('ab', 32), 3, 3000 from deployment;
update deployment set status = 'live', release_id = id, started_at = now(), finished_at = now()
  where id = 1;
update deployment set status = 'starting', release_id = id, started_at = now() where id = 2;
insert into environment_version (app_id) values (1), (2);
insert into port_lease (port, deployment_id, process, number) values (20000, 1, 'web', 1);
insert into instance (deployment_id, process, number, port, unit)
  values (1, 'web', 1, 20000, 'deployd-app-shop-1.web.1.service');
insert into event (verb) values ('start');

-- name: constraints
with refusal as (select substring(entry from ': (.*)$') as statement,
  'refused by ' || substring(entry from '^[^:]*') as should from unnest($1) entry),
tried as materialized (select statement, should, verify_outcome(statement) as found from refusal)
select 'statements refused', count(*)::text, count(*)::text from tried
  having bool_and(should = found)
union all select format('"%s"', statement), should, found from tried where should <> found

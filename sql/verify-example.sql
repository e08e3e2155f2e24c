-- SPDX-License-Identifier: LGPL-2.1-or-later

-- name: example
insert into repository (name, git_url) values ('example', 'https://example.com/example.git');
insert into app (name, repository_id, port) select 'example', id, 30000 from repository;
insert into deployment (app_id) select id from app;

-- name: example_changed
-- That values are saved is seen by reading them back after a change.
-- include: example
update app set branch = 'main';
update app set branch = '';

-- name: outcome_create
create function verify_outcome(statement text) returns text language plpgsql as $$
declare
        by_constraint text; by_table text; by_column text;
begin
        execute statement;
        set constraints all immediate;
        -- It takes all back.
        raise exception using errcode = 'ZZ000';
exception
        when sqlstate 'ZZ000' then
                return 'accepted';
        when others then
                get stacked diagnostics by_constraint = constraint_name, by_table = table_name,
                        by_column = column_name;
                return 'refused by ' || coalesce(nullif(by_constraint, ''),
                        nullif(by_table || '.' || by_column, '.'), sqlerrm);
end $$;

-- name: creation
with documented as (select substring(entry from '^[^=]*') as name,
  substring(entry from '=(.*)$') as value from unnest($1 || $2) entry),
found as (select 'repository.' || key as name, coalesce(value, 'null') as value
  from repository, jsonb_each_text(to_jsonb(repository))
  union all select 'app.' || key, coalesce(value, 'null') from app, jsonb_each_text(to_jsonb(app))
  union all select 'deployment.' || key, coalesce(value, 'null')
  from deployment, jsonb_each_text(to_jsonb(deployment))),
compared as (select documented.name, documented.value as should, found.value as found
  from documented left join found using (name))
select 'repository created', 'example', (select name::text from repository)
union all select 'app created', 'example', (select name::text from app)
union all select 'deployment created', '1', (select id::text from deployment)
union all select 'defaults as documented', count(*)::text, count(*)::text from compared
  having bool_and(should is not distinct from found)
union all select 'default of ' || name, quote_literal(should), quote_literal(found)
  from compared where should is distinct from found

-- name: relations
select 'app → repository', 'example', (select repository.name::text
  from app join repository on repository.id = repository_id where app.name = 'example')
union all select 'deployment → app', 'example', (select app.name::text
  from deployment join app on app.id = app_id)
union all select 'app deployments', '1', (select count(*)::text
  from app join deployment on app_id = app.id where app.name = 'example')
union all select 'repository apps', '1', (select count(*)::text
  from repository join app on repository_id = repository.id where repository.name = 'example')
union all select 'deleting a repository in use', 'refused by app_repository_id_fkey',
  verify_outcome('delete from repository')

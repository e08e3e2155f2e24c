-- SPDX-License-Identifier: LGPL-2.1-or-later
--
-- What an app may write into its tree. No app has said anything so far, and so the trees of all that runs are read-only.

alter table app
        add column writable_tree text not null default 'no'
                constraint app_writable_tree_word check (writable_tree in ('no', 'yes')),
        add column persist one_line not null default ''
                constraint app_persist_form check (persist = '' or persist ~ '^[A-Za-z0-9._/,-]+$'
                                                   and persist !~ '(^|[/,])\.{0,2}([/,]|$)');

alter table deployment
        add column writable_tree text not null default 'no'
                constraint deployment_writable_tree_word check (writable_tree in ('no', 'yes')),
        add column persist one_line not null default ''
                constraint deployment_persist_form check (persist = '' or persist ~ '^[A-Za-z0-9._/,-]+$'
                                                          and persist !~ '(^|[/,])\.{0,2}([/,]|$)');
comment on column deployment.writable_tree is
        'setting of the app when the deployment began, as those from branch on';
comment on column deployment.persist is
        'setting of the app when the deployment began, as those from branch on';

create or replace function deployment_begin() returns trigger language plpgsql as $$
begin
        select coalesce((select version.id from environment_version version where version.deployment_id = new.id),
                        app.environment_id),
               app.branch, app.directory, app.buildpack, app.build_command, app.readiness, app.health_check_path,
               app.health_check_timeout_usec, app.check_settle_usec, app.writable_tree, app.persist
        into new.environment_id, new.branch, new.directory, new.buildpack, new.build_command, new.readiness,
             new.health_check_path, new.health_check_timeout_usec, new.check_settle_usec, new.writable_tree, new.persist
        from app where app.id = new.app_id;
        return new;
end
$$;

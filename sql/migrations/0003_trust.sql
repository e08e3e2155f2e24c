-- SPDX-License-Identifier: LGPL-2.1-or-later
--
-- What may be deleted, and what a deployment runs with, are rows. Nothing is inferred from what is missing.

-- The same id is in files beside the data of the apps. A machine that has written them is noted, so that files
-- that are missing there are told apart from a machine that has never had them.
create table installation (
        only_row        boolean primary key default true constraint installation_one_row check (only_row),
        id              uuid not null default gen_random_uuid(),
        machine         uuid,
        created_at      timestamptz not null default now()
);
insert into installation default values;
comment on table installation is 'says that this database and the data of the apps belong together; one row';
comment on column installation.machine is 'machine whose disk has the id; null = no disk has it yet';

create table removed_app (
        id              bigint primary key,
        name            slug not null,
        removed_at      timestamptz not null default now(),
        removed_by      uid,
        last_deployment bigint not null,
        keep_until      timestamptz not null,
        data            text not null default 'kept'
                        constraint removed_app_data_word check (data in ('kept', 'deleting', 'deleted'))
);
comment on table removed_app is 'apps that were removed: the only reason to delete what an app has stored';
comment on column removed_app.id is 'id of the app, which names its directories';
comment on column removed_app.removed_by is 'null = deployd itself';
comment on column removed_app.last_deployment is 'newest deployment of any app at that time: its own have no greater id';
comment on column removed_app.keep_until is 'when its data is deleted';

create table environment_version (
        id              bigint generated always as identity primary key,
        app_id          bigint not null references app on delete cascade,
        base_id         bigint references environment_version on delete set null,
        deployment_id   bigint references deployment on delete cascade,
        created_at      timestamptz not null default now(),
        constraint environment_version_of_app unique (app_id, id),
        constraint environment_version_deployment_id_key unique (deployment_id)
);
create index environment_version_base_id_idx on environment_version (base_id) where base_id is not null;
comment on table environment_version is 'environments that apps have or had; a version that something runs with is never changed';
comment on column environment_version.base_id is 'version that this one was made from';
comment on column environment_version.deployment_id is
        'deployment that brings this version: if it fails, the app goes back to base_id; null = none';

alter table app
        add column environment_id bigint,
        add constraint app_environment_of_app
                foreign key (id, environment_id) references environment_version (app_id, id);
create index app_environment_id_idx on app (environment_id) where environment_id is not null;
comment on column app.environment_id is 'version that its next deployment runs with; null = no variable';

alter table deployment
        add column rollback_to bigint,
        add column environment_id bigint,
        add column branch one_line not null default '',
        add column directory one_line not null default '',
        add column buildpack one_line not null default '',
        add column build_command one_line not null default '',
        add column readiness text not null default 'port'
                constraint deployment_readiness_word check (readiness in ('port', 'notify')),
        add column health_check_path one_line not null default ''
                constraint deployment_health_check_path_form check (health_check_path ~ '^(/[^ ]*)?$'),
        add column health_check_timeout_usec amount not null default 0,
        add constraint deployment_environment_of_app
                foreign key (app_id, environment_id) references environment_version (app_id, id),
        add constraint deployment_rollback_to_if_rollback
                check (kind = 'rollback' or rollback_to is null);
create index deployment_environment_id_idx on deployment (environment_id) where environment_id is not null;
comment on column deployment.rollback_to is
        'deployment whose release is wished; null = the newest one built before the live one';
comment on column deployment.environment_id is 'version that it runs with; null = no variable, or not begun';
comment on column deployment.branch is
        'setting of the app when the deployment began, as the next six columns; what runs keeps them';

-- Every app has one version so far, and everything of it that runs has that version.
insert into environment_version (app_id) select distinct app_id from environment;
update app set environment_id = version.id from environment_version version where version.app_id = app.id;
update deployment set environment_id = app.environment_id, branch = app.branch, directory = app.directory,
                      buildpack = app.buildpack, build_command = app.build_command, readiness = app.readiness,
                      health_check_path = app.health_check_path,
                      health_check_timeout_usec = app.health_check_timeout_usec
        from app where app.id = deployment.app_id and deployment.status in
                ('fetching', 'building', 'releasing', 'starting', 'checking', 'switching', 'live');
-- What waits keeps its wish; the release is chosen when its turn comes.
update deployment set rollback_to = release_id, release_id = null where kind = 'rollback' and status = 'queued';
update deployment set release_id = null where kind = 'redeploy' and status = 'queued';

alter table environment add column version_id bigint;
update environment set version_id = app.environment_id from app where app.id = environment.app_id;
alter table environment drop constraint environment_pkey;
alter table environment drop column app_id;
alter table environment alter column version_id set not null;
alter table environment
        add primary key (version_id, name),
        add foreign key (version_id) references environment_version on delete cascade;
comment on table environment is 'variables of a version';

-- Both ways into a running status pass through here: a deployment begins with what its app has at that moment, or
-- with the version that it brings.
create function deployment_begin() returns trigger language plpgsql as $$
begin
        select coalesce((select version.id from environment_version version where version.deployment_id = new.id),
                        app.environment_id),
               app.branch, app.directory, app.buildpack, app.build_command, app.readiness, app.health_check_path,
               app.health_check_timeout_usec
        into new.environment_id, new.branch, new.directory, new.buildpack, new.build_command, new.readiness,
             new.health_check_path, new.health_check_timeout_usec
        from app where app.id = new.app_id;
        return new;
end
$$;
create trigger deployment_begin before update of status on deployment for each row
        when (old.status = 'queued' and new.status in ('fetching', 'starting')) execute function deployment_begin();

-- SPDX-License-Identifier: LGPL-2.1-or-later
--
-- Names are never qualified, so that `deployd verify` can make the same schema elsewhere and compare. A
-- released migration is never edited: its checksum is in the ledger of every installation.

create domain slug as text
        constraint slug_form check (value ~ '^[a-z](-?[a-z0-9])*$' and char_length(value) <= 50);
comment on domain slug is 'name of a repository or an app';

create domain process_type as text
        constraint process_type_form check (value ~ '^[a-z](-?[a-z0-9])*$' and char_length(value) <= 32);
comment on domain process_type is 'name of a process in a Procfile: web, worker, …';

create domain one_line as text
        constraint one_line_is_clean check (value !~ '[\u0001-\u001f\u007f-\u009f]')
        constraint one_line_is_bounded check (char_length(value) <= 2048);
comment on domain one_line is 'text of one line, without control characters';

create domain revision as text
        constraint revision_form check (value ~ '^([0-9a-f]{40})?$');
comment on domain revision is 'commit, 40 hex digits; empty = not known yet';

create domain port as integer
        constraint port_range check (value between 1 and 65535);
comment on domain port is 'TCP port';

create domain amount as bigint
        constraint amount_not_negative check (value >= 0);
comment on domain amount is 'bytes, microseconds or a count; in settings 0 = the configured default';

create domain uid as bigint
        constraint uid_range check (value between 0 and 4294967295);
comment on domain uid is 'user of the machine';

create function all_match(list text[], form text) returns boolean language sql immutable as $$
        select coalesce(bool_and(coalesce(element ~ form, false)), true) from unnest(list) element
$$;
comment on function all_match is 'whether every element has the form, a regular expression; null has none';

create table repository (
        id              bigint generated always as identity primary key,
        name            slug not null unique,
        git_url         one_line not null
                        constraint repository_git_url_given check (git_url <> '')
                        constraint repository_git_url_without_password
                                check (git_url !~ '^[^/]*://[^/@]*:[^/]*@'),
        default_branch  one_line not null default '',
        head_revision   revision not null default '',
        last_fetched_at timestamptz,
        fetches         amount not null default 0,
        created_at      timestamptz not null default now()
);
comment on table repository is 'git repositories that apps are built from';
comment on column repository.default_branch is 'empty = what the remote calls HEAD';
comment on column repository.fetches is 'fetches begun so far; numbers the fetch units';

create table app (
        id                        bigint generated always as identity primary key,
        name                      slug not null unique,
        repository_id             bigint not null references repository on delete restrict,
        access_mode               text not null default 'private'
                                  constraint app_access_mode_word
                                        check (access_mode in ('private', 'internal', 'public')),
        port                      port not null unique,
        current_port              port,
        wanted                    text not null default 'running'
                                  constraint app_wanted_word check (wanted in ('running', 'stopped')),
        status                    text not null default 'new'
                                  constraint app_status_word check (status in
                                        ('new', 'deploying', 'running', 'degraded', 'stopped', 'failed')),
        branch                    one_line not null default '',
        directory                 one_line not null default ''
                                  constraint app_directory_beneath
                                        check (directory !~ '^/' and directory !~ '(^|/)\.\.?(/|$)'),
        formation                 text[] not null default '{web=1}'
                                  constraint app_formation_form
                                        check (all_match(formation, '^[a-z](-?[a-z0-9]){0,31}=(0|[1-9][0-9]{0,3})$')),
        domains                   text[] not null default '{}'
                                  constraint app_domains_form
                                        check (all_match(domains, '^(\*\.)?[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$')),
        auto_deploy               boolean not null default false,
        keep_releases             amount not null default 0,
        buildpack                 one_line not null default '',
        build_command             one_line not null default '',
        readiness                 text not null default 'port'
                                  constraint app_readiness_word check (readiness in ('port', 'notify')),
        health_check_path         one_line not null default ''
                                  constraint app_health_check_path_form check (health_check_path ~ '^(/[^ ]*)?$'),
        health_check_timeout_usec amount not null default 0,
        stop_timeout_usec         amount not null default 0,
        memory_max                amount not null default 0,
        tasks_max                 amount not null default 0,
        cpu_quota_usec            amount not null default 0,
        idle_timeout_usec         amount not null default 0,
        connect_to                text[] not null default '{}'
                                  constraint app_connect_to_form
                                        check (all_match(connect_to, '^[a-z](-?[a-z0-9]){0,49}$')),
        created_at                timestamptz not null default now()
);
create index app_repository_id_idx on app (repository_id);
comment on table app is 'apps: their settings, what is wanted of them, and how they were last seen';
comment on column app.port is 'stable port, for life';
comment on column app.current_port is 'assigned port of web.1 of the live deployment; null = nothing is live or it has no web';
comment on column app.formation is 'PROCESS=COUNT, one element each; not named = 0';
comment on column app.connect_to is 'names of the apps it may reach';

-- A host name belongs to one app. Arrays have no unique index over their elements; two writers at once
-- cannot be, since one deployd holds the lock.
create function app_domains_key() returns trigger language plpgsql as $$
begin
        if exists (select from app other where other.id <> new.id and other.domains && new.domains) then
                raise unique_violation using
                        message = 'a domain belongs to another app', constraint = 'app_domains_key', table = 'app';
        end if;
        return null;
end
$$;
create constraint trigger app_domains_key after insert or update of domains on app
        for each row when (new.domains <> '{}') execute function app_domains_key();

create table retired_port (
        port            port primary key,
        retired_at      timestamptz not null default now()
);
comment on table retired_port is 'stable ports of removed apps, not given out again for a day';

create table deployment (
        id                 bigint generated always as identity primary key,
        app_id             bigint not null references app on delete cascade,
        kind               text not null default 'deploy'
                           constraint deployment_kind_word check (kind in ('deploy', 'rollback', 'redeploy')),
        status             text not null default 'queued'
                           constraint deployment_status_word check (status in
                                ('queued', 'fetching', 'building', 'releasing', 'starting', 'checking', 'switching',
                                 'live', 'superseded', 'failed', 'cancelled')),
        requested_revision one_line not null default '',
        revision           revision not null default '',
        image_tag          one_line not null default '',
        release_id         bigint,
        assigned_port      port,
        created_at         timestamptz not null default now(),
        started_at         timestamptz,
        finished_at        timestamptz,
        error_summary      one_line not null default ''
                           constraint deployment_error_summary_length check (char_length(error_summary) <= 1000),
        logs_path          one_line not null default '',
        requested_by       uid not null default 0,
        request_id         one_line
                           constraint deployment_request_id_length
                                check (char_length(request_id) between 1 and 128),
        constraint deployment_error_summary_if_failed check ((status = 'failed') = (error_summary <> '')),
        constraint deployment_started_at_unless_queued check
                (case status when 'queued' then started_at is null
                             when 'failed' then true
                             when 'cancelled' then true
                             else started_at is not null end),
        constraint deployment_finished_at_if_ended check
                ((status in ('live', 'superseded', 'failed', 'cancelled')) = (finished_at is not null)),
        constraint deployment_release_if_started check
                (status not in ('releasing', 'starting', 'checking', 'switching', 'live') or release_id is not null),
        constraint deployment_request_id_key unique (requested_by, request_id),
        -- Not a unique index: those look at each row as it is written, and one statement makes one
        -- deployment live and the one before it superseded, in either order. This is looked at when the
        -- statement ends (an exclusion constraint, because a unique one cannot be partial).
        constraint deployment_one_live exclude using btree (app_id with =) where (status = 'live')
                deferrable initially immediate
);
create unique index deployment_one_running on deployment (app_id)
        where status in ('fetching', 'building', 'releasing', 'starting', 'checking', 'switching');
create index deployment_app_id_idx on deployment (app_id, id desc);
create index deployment_unfinished_idx on deployment (id)
        where status in ('queued', 'fetching', 'building', 'releasing', 'starting', 'checking', 'switching');
create index deployment_finished_at_idx on deployment (finished_at) where finished_at is not null;
create index deployment_release_id_idx on deployment (release_id) where release_id is not null;
comment on table deployment is 'every attempt to bring an app to a release, also the past ones';
comment on column deployment.assigned_port is 'port of web.1, kept when it is free again';
comment on column deployment.finished_at is 'when it became live, failed or cancelled';
comment on column deployment.release_id is 'what it runs; null = not built yet, or no longer kept';

create table release (
        id              bigint primary key references deployment on delete cascade,
        app_id          bigint not null references app on delete cascade,
        revision        revision not null constraint release_revision_known check (revision <> ''),
        image_tag       one_line not null unique
                        constraint release_image_tag_form
                                check (image_tag ~ '^[a-z][a-z0-9-]*:[0-9a-f]{12}-[1-9][0-9]*$'),
        digest          text not null constraint release_digest_form check (digest ~ '^[0-9a-f]{64}$'),
        files           amount not null,
        bytes           amount not null,
        processes       text[] not null default '{}'
                        constraint release_processes_form
                                check (all_match(processes, '^[a-z](-?[a-z0-9]){0,31}$')),
        created_at      timestamptz not null default now(),
        constraint release_of_app unique (app_id, id)
);
comment on table release is 'the kept immutable trees; id = the deployment that built it';

alter table deployment add constraint deployment_release_of_app
        foreign key (app_id, release_id) references release (app_id, id) on delete set null (release_id);

create table port_lease (
        port            port primary key,
        deployment_id   bigint not null references deployment on delete cascade,
        process         process_type not null,
        number          integer not null constraint port_lease_number_range check (number between 1 and 9999),
        leased_at       timestamptz not null default now(),
        constraint port_lease_of_instance unique (deployment_id, process, number),
        constraint port_lease_whole unique (port, deployment_id, process, number)
);
comment on table port_lease is 'assigned ports; a row goes when nobody listens there any more';

create table instance (
        deployment_id   bigint not null references deployment on delete cascade,
        process         process_type not null,
        number          integer not null constraint instance_number_range check (number between 1 and 9999),
        port            port unique,
        unit            one_line not null unique
                        constraint instance_unit_form check (unit ~ '^deployd-app-[a-z0-9_.-]+\.service$'),
        primary key (deployment_id, process, number),
        constraint instance_port_leased foreign key (port, deployment_id, process, number)
                references port_lease (port, deployment_id, process, number)
);
comment on table instance is 'units that run, or are about to';

create table environment (
        app_id          bigint not null references app on delete cascade,
        name            text not null
                        constraint environment_name_form check (name ~ '^[A-Za-z_][A-Za-z0-9_]{0,254}$'),
        value           bytea not null
                        constraint environment_value_length check (octet_length(value) <= 131072),
        key_id          integer not null default 0
                        constraint environment_key_id_range check (key_id >= 0),
        primary key (app_id, name)
);
comment on table environment is 'environment of apps';
comment on column environment.key_id is 'key the value is sealed with; 0 = not sealed';

create table event (
        id              bigint generated always as identity primary key,
        at              timestamptz not null default now(),
        operation       uuid,
        actor_uid       uid,
        verb            one_line not null constraint event_verb_form check (verb ~ '^[a-z][a-z-]*$'),
        repository_name one_line not null default '',
        app_name        one_line not null default '',
        deployment_id   bigint,
        from_status     one_line not null default '',
        to_status       one_line not null default '',
        detail          one_line not null default '',
        constraint event_operation_key unique (operation)
);
create index event_app_name_idx on event (app_name, id desc);
create index event_deployment_id_idx on event (deployment_id, id) where deployment_id is not null;
comment on table event is 'who did what, when, with what result; only ever appended to';
comment on column event.operation is 'made by deployd for each change, so that a statement sent twice takes effect once';
comment on column event.actor_uid is 'null = deployd itself';

create function event_append_only() returns trigger language plpgsql as $$
begin
        raise restrict_violation using message = 'events are only ever appended';
end
$$;
create trigger event_append_only before update or delete or truncate on event
        for each statement execute function event_append_only();

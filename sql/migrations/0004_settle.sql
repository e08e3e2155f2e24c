-- SPDX-License-Identifier: LGPL-2.1-or-later
--
-- How long a new version is watched before it is live. No app has said anything so far, and so all that runs has the default.

alter table app
        add column check_settle_usec amount not null default 0;

alter table deployment
        add column check_settle_usec amount not null default 0;
comment on column deployment.check_settle_usec is
        'setting of the app when the deployment began, as those from branch on';

create or replace function deployment_begin() returns trigger language plpgsql as $$
begin
        select coalesce((select version.id from environment_version version where version.deployment_id = new.id),
                        app.environment_id),
               app.branch, app.directory, app.buildpack, app.build_command, app.readiness, app.health_check_path,
               app.health_check_timeout_usec, app.check_settle_usec
        into new.environment_id, new.branch, new.directory, new.buildpack, new.build_command, new.readiness,
             new.health_check_path, new.health_check_timeout_usec, new.check_settle_usec
        from app where app.id = new.app_id;
        return new;
end
$$;

-- SPDX-License-Identifier: LGPL-2.1-or-later
--
-- What a release is made from, so that the same is not built twice, and what its tree says of how it runs.

-- Nobody could set a formation before, so that '{web=1}' was never anybody's wish. From now on it is told
-- apart from none, for which the tree's app.json may speak.
alter table app alter column formation set default '{}';
update app set formation = '{}' where formation = '{web=1}';
comment on column app.formation is
        'PROCESS=COUNT, one element each; not named = 0; empty = as app.json of the release says, else web=1';

alter table release
        add column build_key text not null default ''
                constraint release_build_key_form check (build_key ~ '^([0-9a-f]{64})?$'),
        add column buildpack one_line not null default '',
        add column formation text[] not null default '{}'
                constraint release_formation_form
                        check (all_match(formation, '^[a-z](-?[a-z0-9]){0,31}=(0|[1-9][0-9]{0,3})$')),
        add column health_check_path one_line not null default ''
                constraint release_health_check_path_form check (health_check_path ~ '^(/[^ ]*)?$'),
        add column health_check_attempts amount not null default 0,
        add column health_check_timeout_usec amount not null default 0,
        add column health_check_wait_usec amount not null default 0;
comment on column release.build_key is 'keyed hash of all that went into the build; empty = nothing was built';
comment on column release.buildpack is 'that built it; empty = none did';
comment on column release.formation is 'of its app.json, as in app';
comment on column release.health_check_path is 'of its app.json, as the next three; empty = none';

-- SPDX-License-Identifier: LGPL-2.1-or-later
alter table app drop constraint app_repository_id_fkey;
alter table app add constraint app_repository_id_fkey
        foreign key (repository_id) references repository on delete cascade;

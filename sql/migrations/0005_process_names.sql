-- SPDX-License-Identifier: LGPL-2.1-or-later
--
-- Names of processes as Heroku and Foreman have them: letters of both cases, digits, dashes and underscores.

alter domain process_type drop constraint process_type_form;
alter domain process_type
        add constraint process_type_form check (value ~ '^[A-Za-z](-?[A-Za-z0-9_])*$' and char_length(value) <= 32);

alter table release
        drop constraint release_processes_form,
        drop constraint release_formation_form,
        add constraint release_processes_form check (all_match(processes, '^[A-Za-z](-?[A-Za-z0-9_]){0,31}$')),
        add constraint release_formation_form
                check (all_match(formation, '^[A-Za-z](-?[A-Za-z0-9_]){0,31}=(0|[1-9][0-9]{0,3})$'));

alter table app
        drop constraint app_formation_form,
        add constraint app_formation_form
                check (all_match(formation, '^[A-Za-z](-?[A-Za-z0-9_]){0,31}=(0|[1-9][0-9]{0,3})$'));

alter table instance
        drop constraint instance_unit_form,
        add constraint instance_unit_form check (unit ~ '^deployd-app-[A-Za-z0-9_.-]+\.service$');

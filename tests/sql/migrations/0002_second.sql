-- SPDX-License-Identifier: LGPL-2.1-or-later
alter table first add column second integer;
create table second (id integer primary key references first)

-- SPDX-License-Identifier: LGPL-2.1-or-later
create table first (id integer primary key, word text not null default 'a ''quoted'' "word"; \ %s $1 ??/');
insert into first values (1);

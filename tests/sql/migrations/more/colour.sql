-- SPDX-License-Identifier: LGPL-2.1-or-later
alter table app add column colour text not null default 'blue';

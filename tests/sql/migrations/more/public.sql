-- SPDX-License-Identifier: LGPL-2.1-or-later
alter table app alter column access_mode set default 'public';

-- SPDX-License-Identifier: LGPL-2.1-or-later
alter table app add column taste text;

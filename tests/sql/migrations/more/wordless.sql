-- SPDX-License-Identifier: LGPL-2.1-or-later
alter table app drop constraint app_status_word;

-- SPDX-License-Identifier: LGPL-2.1-or-later

-- name: lock
-- Of this session, if it can be had ($2: it need not); who holds it otherwise; and what server this is.
select $2 or pg_try_advisory_lock($1), to_regclass('schema_migration') is not null,
  holder.pid, holder.backend_start,
  current_setting('server_version_num')::integer, current_setting('server_encoding'), pg_backend_pid()
from (values (1)) one
  left join (select pid, backend_start from pg_locks join pg_stat_activity using (pid)
             where locktype = 'advisory' and granted and pid <> pg_backend_pid()
               and pg_locks.database = (select oid from pg_database where datname = current_database())
               and classid = ($1 >> 32)::oid and objid = ($1 & 4294967295)::oid limit 1) holder on true

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "sql/store-internal.h"

/* Raises the number that a table gives out next above `$n`: what is on the disk under a number is never
 * given to something else. Ids that were given out stay so. */
#define SEQUENCE(table) "pg_get_serial_sequence('" table "', 'id')::regclass"
#define RAISE(table, n)                                                                             \
        "raised_" table " as (select case when $" n " > coalesce(pg_sequence_last_value(" SEQUENCE( \
                table) "), 0) then setval(" SEQUENCE(table) ", $" n ") end) "

int store_installation_raise(Store *store, const StoreNumbers *numbers, const StoreAsk *ask)
{
        static const char sql[] = "with " RAISE("app", "1") ", " RAISE("deployment", "2") ", " RAISE(
                "repository",
                "3") "select null::bigint, now(), count(*) from raised_app, raised_deployment, raised_repository";

        assert(numbers);
        return store_submit(store,
                            &PG_QUERY(sql, pg_u64(numbers->app), pg_u64(numbers->deployment),
                                      pg_u64(numbers->repository)),
                            store_read_row, ask, NULL);
}

int store_installation_set(Store *store, sd_id128_t id, sd_id128_t machine, const StoreAsk *ask)
{
        static const char sql[] =
                "with changed as (update installation set id = coalesce($3, id), machine = $4 returning id), "
                "noted as (insert into event (operation, actor_uid, verb, detail) "
                "  select $1, $2, case when $3 is null then 'installation-note' else 'adopt' end, id::text from changed "
                "  on conflict (operation) do nothing) "
                "select null::bigint, now(), count(*) from changed";

        return store_submit(store,
                            &PG_QUERY(sql, store_operation(), store_actor(ask), pg_id(id), pg_id(machine)),
                            store_read_row, ask, NULL);
}

int store_removed_app_set_data(Store *store, uint64_t id, bool deleted, const StoreAsk *ask)
{
        static const char sql[] =
                "with changed as (update removed_app set data = $2 where id = $1 and not exists (select from app where id = $1) "
                "  and (data = 'kept' and $2 = 'deleting' or data in ('deleting', $2)) returning id) "
                "select id, now(), null::bigint from changed";

        return store_submit(store, &PG_QUERY(sql, pg_u64(id), pg_text(deleted ? "deleted" : "deleting")),
                            store_read_row, ask, NULL);
}

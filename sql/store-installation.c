/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "sql/store-installation.sql.h"
#include "sql/store-internal.h"

int store_installation_raise(Store *store, const StoreNumbers *numbers, const StoreAsk *ask)
{
        assert(numbers);
        return store_submit(store,
                            &PG_QUERY(sql_installation_raise, pg_u64(numbers->app),
                                      pg_u64(numbers->deployment), pg_u64(numbers->repository)),
                            store_read_row, ask, NULL);
}

int store_installation_set(Store *store, sd_id128_t id, sd_id128_t machine, const StoreAsk *ask)
{
        return store_submit(store,
                            &PG_QUERY(sql_installation_set, store_operation(), store_actor(ask), pg_id(id),
                                      pg_id(machine)),
                            store_read_row, ask, NULL);
}

int store_removed_app_set_data(Store *store, uint64_t id, bool deleted, const StoreAsk *ask)
{
        return store_submit(
                store,
                &PG_QUERY(sql_removed_app_set_data, pg_u64(id), pg_text(deleted ? "deleted" : "deleting")),
                store_read_row, ask, NULL);
}

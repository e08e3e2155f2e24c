/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/text.h"
#include "sql/store-app.sql.h"
#include "sql/store-internal.h"
#include "sql/store-settings.h"

/* The first parameters that are settings. */
#define INSERT_SETTINGS 9
#define SET_SETTINGS    5

int store_app_insert(Store *store, const char *name, const Repository *repository,
                     const AppSettings *settings, uint16_t low, uint16_t high, uint64_t data,
                     const StoreAsk *ask)
{
        const StoreSettings all = { .table = &app_settings, .first = INSERT_SETTINGS };
        _cleanup_free_ char *columns = store_settings_columns(&all, COLUMN_NAME),
                            *parameters = store_settings_columns(&all, COLUMN_PARAMETER), *sql = NULL;
        _cleanup_(store_values_clear) StoreValues values = {
                .values = { store_operation(), store_actor(ask), pg_text(name), pg_u64(repository->id),
                            pg_text(repository->name), pg_u64(low), pg_u64(high),
                            data ? pg_u64(data) : pg_null() },
                .n = INSERT_SETTINGS - 1,
        };

        if (!columns || !parameters || store_values_append(&values, &app_settings, settings) < 0)
                return -ENOMEM;
        sql = text_format(sql_app_insert, columns, parameters);
        if (!sql)
                return -ENOMEM;
        return store_submit(store, &(const PgQuery){ __func__, sql, values.values, values.n, false },
                            store_read_row, ask, NULL);
}

int store_app_set(Store *store, const App *app, const AppSettings *settings, bool apply, const StoreAsk *ask)
{
        const StoreSettings all = { .table = &app_settings, .first = SET_SETTINGS },
                            kept = { .table = &app_settings, .first = SET_SETTINGS, .of_deployment = true };
        _cleanup_free_ char *set_all = store_settings_columns(&all, COLUMN_SET),
                            *set_kept = store_settings_columns(&kept, COLUMN_SET), *sql = NULL;
        _cleanup_(store_values_clear) StoreValues values = {
                .values = { store_operation(), store_actor(ask), pg_u64(app->id), pg_bool(apply) },
                .n = SET_SETTINGS - 1,
        };

        if (!set_all || !set_kept || store_values_append(&values, &app_settings, settings) < 0)
                return -ENOMEM;
        sql = text_format(sql_app_set, set_all, set_kept);
        if (!sql)
                return -ENOMEM;
        return store_submit(store, &(const PgQuery){ __func__, sql, values.values, values.n, false },
                            store_read_row, ask, NULL);
}

int store_app_apply(Store *store, const App *app, const StoreAsk *ask)
{
        const StoreSettings kept = { .table = &app_settings, .of_deployment = true, .from = "app" };
        _cleanup_free_ char *columns = store_settings_columns(&kept, COLUMN_COPY), *sql = NULL;

        if (!columns)
                return -ENOMEM;
        sql = text_format(sql_app_apply, columns);
        if (!sql)
                return -ENOMEM;
        return store_submit(
                store,
                &PG_QUERY(sql, store_operation(), store_actor(ask), pg_u64(app->id), pg_text(app->name)),
                store_read_row, ask, NULL);
}

int store_app_set_status(Store *store, const App *app, bool stopped, AppStatus status, const char *verb,
                         const StoreAsk *ask)
{
        return store_submit(store,
                            &PG_QUERY(sql_app_set_status, store_operation(), store_actor(ask),
                                      pg_u64(app->id), pg_text(stopped ? "stopped" : "running"),
                                      pg_text(app_status_to_string(status)), pg_text(verb)),
                            store_read_row, ask, NULL);
}

int store_app_delete(Store *store, const App *app, uint64_t keep_usec, const StoreAsk *ask)
{
        return store_submit(store,
                            &PG_QUERY(sql_app_delete, store_operation(), store_actor(ask), pg_u64(app->id),
                                      pg_u64(keep_usec)),
                            store_read_row, ask, NULL);
}

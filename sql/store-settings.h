/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Settings in statements: the columns, parameters and results that the rows of their table have. */

#include "daemon/model/setting-value.h"
#include "sql/pg.h"

typedef enum ColumnForm {
        COLUMN_NAME,      /* branch */
        COLUMN_PARAMETER, /* $5 */
        COLUMN_SET,       /* branch = $5 */
        COLUMN_COPY,      /* branch = app.branch */
        COLUMN_READ,      /* app.branch, and of a number app.memory_max::bigint */
} ColumnForm;

/* The settings that a statement is about. */
typedef struct StoreSettings {
        const SettingTable *table;
        bool of_deployment; /* only those that a deployment keeps */
        const char *from;   /* the table to copy or read from, or its alias */
        unsigned first;     /* the parameter of the first row of the table that has a column */
} StoreSettings;

/* A piece for each setting, with commas between. Caller frees; NULL when out of memory. */
char *store_settings_columns(const StoreSettings *settings, ColumnForm form);

/* The values of a statement. */
typedef struct StoreValues {
        PgValue values[SETTINGS_MAX + 16];
        size_t n;
        char **lists[SETTINGS_MAX];
        size_t n_lists;
} StoreValues;

/* What `values` owns: _cleanup_(store_values_clear). */
void store_values_clear(StoreValues *values);

/* Appends one for each row that has a column; texts stay those of `object`. 0 or -ENOMEM. */
int store_values_append(StoreValues *values, const SettingTable *table, const void *object);

/* Reads the columns from `first` on, as COLUMN_READ has them, into `object`, whose other settings stay. 0;
 * -EBADMSG for a formation that is none; -ENOMEM. */
int store_settings_read(const StoreSettings *settings, const PgResult *result, size_t row, unsigned first,
                        void *object);

/* Adds what a text[] says to a formation. Errors as above. */
int store_formation_read(const PgResult *result, size_t row, unsigned column, Formation *formation);

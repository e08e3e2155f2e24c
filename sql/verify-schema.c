/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sql/verify-internal.h"
#include "sql/verify-schema.sql.h"

const char *const verify_schema_keep = sql_schema_keep;

const VerifyQuestion verify_schema = {
        .check = CHECK_SCHEMA,
        .before = "select set_config('search_path', 'public, ' || current_schema(), true);",
        .sql = sql_schema,
};

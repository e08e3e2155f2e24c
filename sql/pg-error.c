/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "sql/pg-internal.h"

/* PostgreSQL's appendix "Error Codes". A row matches every code that begins with its own; the first match
 * counts. A code of two digits is a class. */
static const struct {
        const char *code;
        PgAction action;
        int error;
} codes[] = {
        /* The statement is refused as such. */
        { "23505", PG_FAIL, -EEXIST }, /* unique_violation */
        { "23P01", PG_FAIL, -EEXIST }, /* exclusion_violation */
        { "23503", PG_FAIL, -EBUSY },  /* foreign_key_violation */
        { "23001", PG_FAIL, -EBUSY },  /* restrict_violation */
        { "23514", PG_FAIL, -EINVAL }, /* check_violation */
        { "23502", PG_FAIL, -EINVAL }, /* not_null_violation */
        { "22", PG_FAIL, -EINVAL },    /* data exception */
        { "42501", PG_FAIL, -EACCES }, /* insufficient_privilege */

        /* Others were in the way. */
        { "40001", PG_RETRY, -EAGAIN },    /* serialization_failure */
        { "40P01", PG_RETRY, -EAGAIN },    /* deadlock_detected */
        { "55P03", PG_RETRY, -ETIMEDOUT }, /* lock_not_available: lock_timeout */
        { "57014", PG_RETRY, -ETIMEDOUT }, /* query_canceled: statement_timeout, or by hand */

        /* The server closes the connection, or it leads to the wrong server. */
        { "57P", PG_RECONNECT, -ECONNABORTED },   /* shutdowns, crash, database dropped */
        { "08", PG_RECONNECT, -ECONNABORTED },    /* connection exception */
        { "25P03", PG_RECONNECT, -ECONNABORTED }, /* idle_in_transaction_session_timeout */
        { "25006", PG_RECONNECT, -EROFS },        /* read_only_sql_transaction: a standby */

        /* No space: disk_full, out_of_memory and their class. */
        { "53", PG_WAIT, -ENOSPC },
};

PgAction pg_error_action(const PGresult *failure, int *ret_error)
{
        const char *code = PQresultErrorField(failure, PG_DIAG_SQLSTATE);

        *ret_error = -EIO;
        if (!code) /* libpq's own: the connection broke while it read */
                return PG_RECONNECT;
        for (size_t i = 0; i < ELEMENTSOF(codes); i++)
                if (strncmp(code, codes[i].code, strlen(codes[i].code)) == 0) {
                        *ret_error = codes[i].error;
                        return codes[i].action;
                }
        return PG_FAIL;
}

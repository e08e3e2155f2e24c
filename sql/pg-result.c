/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "sql/pg-internal.h"

size_t pg_result_rows(const PgResult *result)
{
        assert(result);
        return result->rows ? (size_t) PQntuples(result->rows) : 0;
}

bool pg_result_is_null(const PgResult *result, size_t row, unsigned column)
{
        assert(result);
        assert(row < pg_result_rows(result));
        assert((int) column < PQnfields(result->rows));
        return PQgetisnull(result->rows, (int) row, (int) column);
}

/* The cell's bytes if it is of one of the two types (`other` may be 0) and, with `size`, that long. */
static const char *pg_result_cell(const PgResult *result, size_t row, unsigned column, Oid type, Oid other,
                                  size_t size)
{
        Oid is;

        if (pg_result_is_null(result, row, column))
                return NULL;
        is = PQftype(result->rows, (int) column);
        if ((is != type && is != other) ||
            (size > 0 && (size_t) PQgetlength(result->rows, (int) row, (int) column) != size)) {
                log_error("The database returned column %s with type %u instead of %u, ignoring it.",
                          PQfname(result->rows, (int) column), is, type);
                return NULL;
        }
        return PQgetvalue(result->rows, (int) row, (int) column);
}

bool pg_result_bool(const PgResult *result, size_t row, unsigned column)
{
        const char *bytes = pg_result_cell(result, row, column, OID_BOOL, 0, 1);

        return bytes && bytes[0];
}

static uint64_t read_u64(const char *bytes)
{
        uint64_t number;

        memcpy(&number, bytes, sizeof(number));
        return be64toh(number);
}

static uint32_t read_u32(const char *bytes)
{
        uint32_t number;

        memcpy(&number, bytes, sizeof(number));
        return be32toh(number);
}

uint64_t pg_result_u64(const PgResult *result, size_t row, unsigned column)
{
        const char *bytes;
        int64_t number;

        if (pg_result_is_null(result, row, column))
                return 0;
        if (PQftype(result->rows, (int) column) == OID_INT4) {
                bytes = pg_result_cell(result, row, column, OID_INT4, 0, sizeof(uint32_t));
                number = bytes ? (int32_t) read_u32(bytes) : 0;
        } else {
                bytes = pg_result_cell(result, row, column, OID_INT8, 0, sizeof(uint64_t));
                number = bytes ? (int64_t) read_u64(bytes) : 0;
        }
        return number > 0 ? (uint64_t) number : 0;
}

uint64_t pg_result_usec(const PgResult *result, size_t row, unsigned column)
{
        const char *bytes = pg_result_cell(result, row, column, OID_TIMESTAMPTZ, 0, sizeof(uint64_t));
        int64_t usec;

        if (!bytes || __builtin_add_overflow((int64_t) read_u64(bytes), (int64_t) EPOCH_2000_USEC, &usec))
                return 0;
        return usec > 0 ? (uint64_t) usec : 0;
}

const char *pg_result_text(const PgResult *result, size_t row, unsigned column)
{
        const char *bytes = pg_result_cell(result, row, column, OID_TEXT, OID_VARCHAR, 0);

        return bytes ? bytes : "";
}

const void *pg_result_bytes(const PgResult *result, size_t row, unsigned column, size_t *ret_size)
{
        const char *bytes = pg_result_cell(result, row, column, OID_BYTEA, 0, 0);

        assert(ret_size);
        *ret_size = bytes ? (size_t) PQgetlength(result->rows, (int) row, (int) column) : 0;
        return bytes;
}

sd_id128_t pg_result_id(const PgResult *result, size_t row, unsigned column)
{
        const char *bytes = pg_result_cell(result, row, column, OID_UUID, 0, sizeof(sd_id128_t));
        sd_id128_t id = SD_ID128_NULL;

        if (bytes)
                memcpy(id.bytes, bytes, sizeof(id.bytes));
        return id;
}

/* array_send() in src/backend/utils/adt/arrayfuncs.c: dimensions, flags, type, then per dimension size and
 * first index, then per element length (-1: NULL) and bytes. Only one dimension is taken. */
#define ARRAY_HEAD_SIZE (5 * sizeof(uint32_t))

int pg_result_texts(const PgResult *result, size_t row, unsigned column, char ***ret)
{
        const char *bytes = pg_result_cell(result, row, column, OID_TEXT_ARRAY, 0, 0), *end;
        size_t n = 0, size = 0;
        char **list, *text;

        assert(ret);

        if (bytes) {
                size = (size_t) PQgetlength(result->rows, (int) row, (int) column);
                if (size >= ARRAY_HEAD_SIZE && read_u32(bytes) == 1)
                        n = read_u32(bytes + 3 * sizeof(uint32_t));
        }
        /* Each element has at least its length, so its terminator fits into the bytes of the answer. */
        if (n > size / sizeof(uint32_t))
                n = 0;
        list = malloc((n + 1) * sizeof(char *) + size + 1);
        if (!list)
                return -ENOMEM;

        text = (char *) (list + n + 1);
        end = bytes ? bytes + size : NULL;
        bytes = bytes ? bytes + ARRAY_HEAD_SIZE : NULL;
        for (size_t i = 0; i < n; i++) {
                uint32_t length = 0;

                if ((size_t) (end - bytes) >= sizeof(uint32_t)) {
                        length = read_u32(bytes);
                        bytes += sizeof(uint32_t);
                        if (length == UINT32_MAX || length > (size_t) (end - bytes))
                                length = 0;
                }
                memcpy(text, bytes, length);
                text[length] = '\0';
                bytes += length;
                list[i] = text;
                text += length + 1;
        }
        list[n] = NULL;
        *ret = list;
        return 0;
}

static const char *pg_result_field(const PgResult *result, int code)
{
        const char *text;

        assert(result);
        text = result->rows ? PQresultErrorField(result->rows, code) : NULL;
        return text ? text : "";
}

const char *pg_result_sqlstate(const PgResult *result)
{
        return pg_result_field(result, PG_DIAG_SQLSTATE);
}

const char *pg_result_constraint(const PgResult *result)
{
        return pg_result_field(result, PG_DIAG_CONSTRAINT_NAME);
}

const char *pg_result_message(const PgResult *result)
{
        assert(result);
        return result->message ? result->message : "";
}

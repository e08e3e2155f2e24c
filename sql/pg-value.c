/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "sql/pg-internal.h"

/* PostgreSQL's MaxAllocSize: no value can be bigger. */
#define VALUES_BYTES_MAX ((size_t) 0x3fffffff)

/* The count in the protocol's Bind message has 16 bits. */
#define VALUES_MAX 65535

/* Writes to `at`, or only counts while that is NULL. */
typedef struct Writer {
        char *at;
        size_t size;
} Writer;

static void write_bytes(Writer *writer, const void *data, size_t size)
{
        if (writer->at && size > 0)
                memcpy(writer->at + writer->size, data, size);
        writer->size += size;
}

static void write_u32(Writer *writer, uint32_t number)
{
        write_bytes(writer, &(uint32_t){ htobe32(number) }, sizeof(uint32_t));
}

static void write_u64(Writer *writer, uint64_t number)
{
        write_bytes(writer, &(uint64_t){ htobe64(number) }, sizeof(uint64_t));
}

/* The head of a one-dimensional array: array_recv() in src/backend/utils/adt/arrayfuncs.c. */
static void write_array_head(Writer *writer, Oid element, size_t n)
{
        write_u32(writer, n > 0 ? 1 : 0); /* dimensions */
        write_u32(writer, 0);             /* has no NULL */
        write_u32(writer, element);
        if (n > 0) {
                write_u32(writer, (uint32_t) n);
                write_u32(writer, 1); /* index of the first */
        }
}

static int write_value(Writer *writer, const PgValue *value, Oid *ret_type)
{
        const char *const *texts = value->data;
        const uint64_t *numbers = value->data;
        size_t n = 0;

        switch (value->type) {
        case PG_NULL:
                *ret_type = 0; /* the server infers it */
                return 0;
        case PG_BOOL:
                *ret_type = OID_BOOL;
                write_bytes(writer, value->number ? "\1" : "\0", 1);
                return 0;
        case PG_NUMBER:
                if (value->number > INT64_MAX)
                        return -ERANGE;
                *ret_type = OID_INT8;
                write_u64(writer, value->number);
                return 0;
        case PG_TIME:
                if (value->number > INT64_MAX)
                        return -ERANGE;
                *ret_type = OID_TIMESTAMPTZ;
                write_u64(writer, value->number - EPOCH_2000_USEC);
                return 0;
        case PG_TEXT:
                *ret_type = OID_TEXT;
                write_bytes(writer, value->data, strlen(value->data));
                return 0;
        case PG_BYTES:
                *ret_type = OID_BYTEA;
                write_bytes(writer, value->data, value->size);
                return 0;
        case PG_ID:
                *ret_type = OID_UUID;
                write_bytes(writer, value->id.bytes, sizeof(value->id.bytes));
                return 0;
        case PG_TEXTS:
                *ret_type = OID_TEXT_ARRAY;
                while (texts && texts[n])
                        n++;
                write_array_head(writer, OID_TEXT, n);
                for (size_t i = 0; i < n; i++) {
                        size_t length = strlen(texts[i]);

                        if (length > VALUES_BYTES_MAX)
                                return -E2BIG;
                        write_u32(writer, (uint32_t) length);
                        write_bytes(writer, texts[i], length);
                }
                return 0;
        case PG_NUMBERS:
                *ret_type = OID_INT8_ARRAY;
                n = value->number;
                write_array_head(writer, OID_INT8, n);
                for (size_t i = 0; i < n; i++) {
                        if (numbers[i] > INT64_MAX)
                                return -ERANGE;
                        write_u32(writer, sizeof(uint64_t));
                        write_u64(writer, numbers[i]);
                }
                return 0;
        }
        return -EINVAL;
}

int pg_params_new(const PgValue *values, size_t n, PgParams **ret)
{
        _cleanup_free_ PgParams *params = NULL;
        Writer writer = { NULL, 0 };
        Oid type;
        int r;

        assert(values || n == 0);
        assert(ret);

        if (n > VALUES_MAX)
                return -E2BIG;
        for (size_t i = 0; i < n; i++) {
                r = write_value(&writer, &values[i], &type);
                if (r < 0)
                        return r;
                if (writer.size > VALUES_BYTES_MAX)
                        return -E2BIG;
        }

        params = malloc(sizeof(*params) + n * (sizeof(char *) + sizeof(Oid) + 2 * sizeof(int)) +
                        writer.size + 1);
        if (!params)
                return -ENOMEM;
        params->n = (int) n;
        params->values = (const char **) (params + 1);
        params->types = (Oid *) (params->values + n);
        params->lengths = (int *) (params->types + n);
        params->formats = params->lengths + n;
        writer = (Writer){ (char *) (params->formats + n), 0 };

        for (size_t i = 0; i < n; i++) {
                size_t start = writer.size;

                r = write_value(&writer, &values[i], &params->types[i]);
                assert(r == 0);
                params->values[i] = values[i].type == PG_NULL ? NULL : writer.at + start;
                params->lengths[i] = (int) (writer.size - start);
                params->formats[i] = 1;
        }
        *ret = TAKE_PTR(params);
        return 0;
}

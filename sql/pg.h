/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One connection to PostgreSQL on an sd-event loop. Nothing here ever waits: every call returns at once, and
 * results arrive by callback. Whatever happens to the server, a request that was accepted is answered once,
 * in the order of submission.
 *
 * Operation ids: how a statement can be sent twice
 *
 * A request is one SQL statement, hence one transaction. When the connection is lost after the statement was
 * sent, nobody knows whether it was committed; the request is then sent again. So every statement that
 * changes something must recognise its own second run. It does so by the operation id, a UUID made by the
 * daemon (sd_id128_randomize()), which the statement stores in `event.operation` (unique) together with its
 * changes, and looks for first:
 *
 *      with done as (select from event where operation = $1),
 *           made as (insert into repository (name, git_url)
 *                    select $2, $3 where not exists (select from done) returning id, name),
 *           noted as (insert into event (operation, verb, repository_name)
 *                     select $1, 'create', name from made)
 *      select id from made
 *      union all
 *      select id from repository where name = $2 and exists (select from done)
 *
 * The second run changes nothing and returns what the first one would have. For a change of state the
 * comparison `where status = $3` is not enough: without the event, the second run could not tell its own
 * success from another's.
 *
 * The two runs are never at work at the same time: the lock of sql/migrate.h is the session's, so the next
 * connection gets it, and lets requests through, only when the server has ended the session of the first. */

#include <stdio.h>
#include <systemd/sd-event.h>
#include <systemd/sd-id128.h>

#include "base/cleanup.h"
#include "base/string-table.h"

typedef struct Pg Pg;
typedef struct PgRequest PgRequest;
typedef struct PgResult PgResult;

/* The private cluster: what an empty `[database] url` means. */
#define PG_CONNINFO_PRIVATE "host=/run/deployd/postgres user=deployd dbname=deployd"

typedef enum PgState {
        PG_STATE_UNSET = 0,
        PG_CONNECTING,   /* no connection, or none that is let through yet; requests wait */
        PG_CONNECTED,    /* requests flow */
        PG_OUT_OF_SPACE, /* connected, but the last change was refused for lack of space: changes wait and
                          * are tried again, reads flow */
        PG_STATE_MAX,
} PgState;

/* The words of the property DatabaseState. */
DECLARE_STRING_TABLE(pg_state, PgState);

/* The state or its reason changed. `sentence` says why it is not connected, fit for a status line: clean
 * text, no password, without a full stop; NULL in PG_CONNECTED and while a first attempt is under way. */
typedef void (*PgStateFn)(void *userdata, PgState state, const char *sentence);

/* The end of a request, called exactly once, never from within pg_submit(). `error` is
 *      0           done; rows in `result`
 *      -ETIMEDOUT  the deadline passed while it was certain that the statement had no effect; or the server
 *                  cut it off at its statement or lock time-out PG_TRIES_MAX times
 *      -ENOSPC     the same, while the server had no space
 *      -EEXIST     a unique or exclusion constraint refused it (23505, 23P01)
 *      -EBUSY      a foreign key refused it (23503): what it names is missing, or still in use
 *      -EINVAL     a CHECK or NOT NULL constraint (23514, 23502) or a data type (22*) refused it
 *      -EACCES     missing rights (42501)
 *      -EAGAIN     a deadlock or serialization failure, PG_TRIES_MAX times
 *      -ECONNABORTED  the connection died under it PG_LOST_MAX times: whether it took effect is unknown
 *      -EIO        anything else
 * `result` is never NULL and lives until the callback returns. The callback may submit and free requests; it
 * must not free the Pg. */
typedef void (*PgDone)(void *userdata, int error, const PgResult *result);

#define PG_TRIES_MAX 5
#define PG_LOST_MAX  10

/* Starts connecting. `conninfo` is a libpq connection string or URL; NULL or "" is PG_CONNINFO_PRIVATE.
 * `on_state` may be NULL. 0; -EINVAL if pg_check_url() refuses it; -ENOMEM; other -errno of sd-event. */
int pg_new(sd_event *event, const char *conninfo, PgStateFn on_state, void *userdata, Pg **ret);

/* Closes the connection; requests not done are dropped without callback. Not from within a callback. */
Pg *pg_free(Pg *pg);
DEFINE_CLEANUP(Pg *, pg_free);

PgState pg_state(const Pg *pg);

/* The sentence of PgStateFn; NULL if there is none. Owned by `pg`. */
const char *pg_sentence(const Pg *pg);

/* Ends a pause between two attempts to connect; no effect otherwise. */
void pg_reconnect_now(Pg *pg);

/* Whether `url` may stand in `[database] url`; "" may. A pure function: no look-up, no file is read. 0;
 * -EINVAL with a sentence in *reterr (caller frees) that says what to write and never shows the URL, which
 * may have a password in it; -ENOMEM. */
int pg_check_url(const char *url, char **reterr);

/* Prints the connection to `out` as the section `[deployd]` of a connection service file of libpq, for
 * programs of PostgreSQL: their arguments everybody can read, and there may be a password in it. `conninfo`
 * as for pg_new(). 0; -EINVAL as above, or if a value has a line break in it; -ENOMEM. */
int pg_print_service(const char *conninfo, FILE *out);

/* A parameter. Made by one of the functions below; what a pointer in it points to is copied by pg_submit().
 */
typedef struct PgValue {
        enum PgType {
                PG_NULL,
                PG_BOOL,    /* boolean */
                PG_NUMBER,  /* bigint */
                PG_TIME,    /* timestamptz */
                PG_TEXT,    /* text */
                PG_BYTES,   /* bytea */
                PG_ID,      /* uuid */
                PG_TEXTS,   /* text[] */
                PG_NUMBERS, /* bigint[] */
        } type;
        uint64_t number; /* also the flag, the time, the count of numbers */
        const void *data;
        size_t size;
        sd_id128_t id;
} PgValue;

static inline PgValue pg_null(void)
{
        return (PgValue){ .type = PG_NULL };
}

static inline PgValue pg_bool(bool flag)
{
        return (PgValue){ .type = PG_BOOL, .number = flag };
}

/* At most INT64_MAX, or pg_submit() answers -ERANGE. */
static inline PgValue pg_u64(uint64_t number)
{
        return (PgValue){ .type = PG_NUMBER, .number = number };
}

/* Microseconds of CLOCK_REALTIME; 0 (not yet) is stored as NULL. */
static inline PgValue pg_usec(uint64_t usec)
{
        return (PgValue){ .type = usec ? PG_TIME : PG_NULL, .number = usec };
}

/* NULL is stored as NULL. */
static inline PgValue pg_text(const char *text)
{
        return (PgValue){ .type = text ? PG_TEXT : PG_NULL, .data = text };
}

static inline PgValue pg_bytes(const void *data, size_t size)
{
        return (PgValue){ .type = PG_BYTES, .data = data, .size = size };
}

/* The null id is stored as NULL. */
static inline PgValue pg_id(sd_id128_t id)
{
        return (PgValue){ .type = sd_id128_is_null(id) ? PG_NULL : PG_ID, .id = id };
}

/* A NULL-terminated list; NULL is an empty one. */
static inline PgValue pg_texts(const char *const *texts)
{
        return (PgValue){ .type = PG_TEXTS, .data = texts };
}

static inline PgValue pg_numbers(const uint64_t *numbers, size_t n)
{
        return (PgValue){ .type = PG_NUMBERS, .data = numbers, .number = n };
}

typedef struct PgQuery {
        const char *name; /* of the function that asks, for failpoints; NULL = none */
        const char *sql;  /* exactly one statement, $1… for the values; copied by pg_submit() */
        const PgValue *values;
        size_t n_values;
        bool read_only; /* changes nothing: may overtake others while the server has no space */
} PgQuery;

/* PG_QUERY("select … where id = $1 and name = $2", pg_u64(id), pg_text(name)): a PgQuery on the stack. */
#define PG_QUERY(text, ...)                                           \
        ((const PgQuery){ .name = __func__,                           \
                          .sql = (text),                              \
                          .values = (const PgValue[]){ __VA_ARGS__ }, \
                          .n_values = sizeof((const PgValue[]){ __VA_ARGS__ }) / sizeof(PgValue) })
#define PG_READ(text, ...)                                                                        \
        ((const PgQuery){ .name = __func__,                                                       \
                          .sql = (text),                                                          \
                          .values = (const PgValue[]){ __VA_ARGS__ },                             \
                          .n_values = sizeof((const PgValue[]){ __VA_ARGS__ }) / sizeof(PgValue), \
                          .read_only = true })

/* Puts a request at the end of the queue. `deadline` is a time of CLOCK_MONOTONIC in microseconds, or
 * USEC_INFINITY; it ends the request only while it is certain that the statement had no effect (not sent
 * yet, or refused and waiting for its next try). `done` may be NULL. With `ret` the caller holds the
 * request, which is valid until its callback has returned; what a caller does not free ends by itself. 0;
 * -ERANGE for a number above INT64_MAX; -E2BIG for values of over 1 GiB (PostgreSQL's own bound) or more
 * than 65535 of them; -ENOMEM. */
int pg_submit(Pg *pg, const PgQuery *query, uint64_t deadline, PgDone done, void *userdata, PgRequest **ret);

/* Drops the callback. A statement already sent still runs to its end, one not sent yet is never sent. */
PgRequest *pg_request_free(PgRequest *request);
DEFINE_CLEANUP(PgRequest *, pg_request_free);

/* Rows, from 0. */
size_t pg_result_rows(const PgResult *result);

/* Cells, row and column from 0 (both must exist). What a function returns for NULL is said; pointers live as
 * long as the result. A column of a type that the function does not read is logged and taken as NULL. */
bool pg_result_is_null(const PgResult *result, size_t row, unsigned column);
bool pg_result_bool(const PgResult *result, size_t row, unsigned column);        /* false */
uint64_t pg_result_u64(const PgResult *result, size_t row, unsigned column);     /* 0; also if below 0 */
uint64_t pg_result_usec(const PgResult *result, size_t row, unsigned column);    /* 0 */
const char *pg_result_text(const PgResult *result, size_t row, unsigned column); /* "" */
const void *pg_result_bytes(const PgResult *result, size_t row, unsigned column,
                            size_t *ret_size);                                /* NULL, 0 */
sd_id128_t pg_result_id(const PgResult *result, size_t row, unsigned column); /* SD_ID128_NULL */

/* A text[], NULL-terminated, in one piece: one free() releases list and texts. An empty list for NULL.
 * 0 or -ENOMEM. */
int pg_result_texts(const PgResult *result, size_t row, unsigned column, char ***ret);

/* Of a failed request: the SQLSTATE ("" if the failure is not the server's), one clean sentence, and the
 * constraint that refused it ("" if none did). Never NULL. */
const char *pg_result_sqlstate(const PgResult *result);
const char *pg_result_message(const PgResult *result);
const char *pg_result_constraint(const PgResult *result);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the tests of the connection share: a server of the test's own, a loop, a connection. */

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "cluster.h"
#include "sql/pg.h"

static inline bool text_is(const char *text, const char *expected)
{
        return strcmp(text, expected) == 0;
}

static inline bool text_has(const char *text, const char *part)
{
        return strstr(text, part) != NULL;
}

extern Cluster cluster;
extern sd_event *event;
extern Pg *pg;
extern unsigned n_lost;         /* how often `pg` was connecting since it was connected first */
extern char last_sentence[400]; /* of `pg` */

/* Server and connection; with fixture_make() the server does not run yet. */
void fixture_make(void);
void fixture_start(void);
void fixture_end(void);

void turn(void);
void wait_for_state(Pg *of, PgState state);

/* A further connection, made. `host` is a directory. */
Pg *connect_another(const char *host);

typedef struct Answer {
        bool done;
        int error;
        size_t n_rows;
        char text[200]; /* first cell */
        char constraint[80];
        char message[400];
} Answer;

void on_answer(void *userdata, int error, const PgResult *result);
void submit(Pg *to, const PgQuery *query, Answer *answer);
void wait_for(Answer *answer);

#define ask(to, ...)                                            \
        ({                                                      \
                Answer _answer;                                 \
                submit((to), &PG_QUERY(__VA_ARGS__), &_answer); \
                wait_for(&_answer);                             \
                _answer;                                        \
        })

#define must(to, ...)                                             \
        ({                                                        \
                Answer _must = ask(to, __VA_ARGS__);              \
                cr_assert(_must.error == 0, "%s", _must.message); \
                _must;                                            \
        })

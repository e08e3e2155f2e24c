/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "fixture.h"

TestSuite(pg, .init = fixture_start, .fini = fixture_end, .timeout = 120);
TestSuite(pg_cold, .init = fixture_make, .fini = fixture_end, .timeout = 120);

typedef struct Types {
        bool done;
} Types;

static void on_types(void *userdata, int error, const PgResult *result)
{
        char **texts;
        size_t size;

        cr_assert(eq(int, error, 0), "%s", pg_result_message(result));
        cr_expect(pg_result_bool(result, 0, 0));
        cr_expect(eq(u64, pg_result_u64(result, 0, 1), INT64_MAX));
        cr_expect(eq(u64, pg_result_usec(result, 0, 2), 1700000000123456));
        cr_expect(text_is(pg_result_text(result, 0, 3), "naïve\n'quoted'"));
        cr_expect(memcmp(pg_result_bytes(result, 0, 4, &size), "\0\1\2", 3) == 0);
        cr_expect(eq(sz, size, 3));
        cr_expect(sd_id128_equal(pg_result_id(result, 0, 5), SD_ID128_MAKE(01, 23, 45, 67, 89, ab, cd, ef,
                                                                           01, 23, 45, 67, 89, ab, cd, ef)));
        cr_assert(eq(int, pg_result_texts(result, 0, 6, &texts), 0));
        cr_expect(text_is(texts[0], "a"));
        cr_expect(text_is(texts[1], ""));
        cr_expect(text_is(texts[2], "b \"{,} \\"));
        cr_expect(texts[3] == NULL);
        free(texts);
        cr_expect(pg_result_is_null(result, 0, 7));
        cr_expect(eq(u64, pg_result_usec(result, 0, 7), 0));
        cr_expect(eq(u64, pg_result_u64(result, 0, 8), 42), "sum of a list of numbers");
        cr_expect(eq(u64, pg_result_u64(result, 0, 9), 0), "below zero");
        cr_expect(text_is(pg_result_text(result, 0, 10), "1700000000.123456"));
        cr_assert(eq(int, pg_result_texts(result, 0, 11, &texts), 0));
        cr_expect(texts[0] == NULL);
        free(texts);
        ((Types *) userdata)->done = true;
}

Test(pg, every_type_arrives_and_comes_back)
{
        Types types = { false };
        sd_id128_t id = SD_ID128_MAKE(01, 23, 45, 67, 89, ab, cd, ef, 01, 23, 45, 67, 89, ab, cd, ef);
        const PgQuery query =
                PG_QUERY("select $1, $2, $3, $4, $5, $6, $7, $8::timestamptz,"
                         " (select sum(n) from unnest($9) n)::bigint, -1::integer,"
                         " extract(epoch from $3)::text, $10",
                         pg_bool(true), pg_u64(INT64_MAX), pg_usec(1700000000123456),
                         pg_text("naïve\n'quoted'"), pg_bytes("\0\1\2", 3), pg_id(id),
                         pg_texts((const char *const[]){ "a", "", "b \"{,} \\", NULL }), pg_usec(0),
                         pg_numbers((const uint64_t[]){ 40, 2 }, 2), pg_texts(NULL));

        cr_assert(eq(int, pg_submit(pg, &query, USEC_INFINITY, on_types, &types, NULL), 0));
        while (!types.done)
                turn();
        cr_expect(eq(int, pg_submit(pg, &PG_QUERY("select $1", pg_u64(UINT64_MAX)), 0, NULL, NULL, NULL),
                     -ERANGE));
}

Test(pg, a_session_has_its_limits_set)
{
        static const char *const settings[][2] = {
                { "statement_timeout", "5s" },
                { "lock_timeout", "2s" },
                { "idle_in_transaction_session_timeout", "10s" },
                { "client_connection_check_interval", "500ms" },
                { "application_name", "deployd" },
                { "client_encoding", "UTF8" },
                { "DateStyle", "ISO, YMD" },
                { "TimeZone", "UTC" },
                { "search_path", "public" },
        };

        for (size_t i = 0; i < ELEMENTSOF(settings); i++) {
                Answer answer = must(pg, "select current_setting($1)", pg_text(settings[i][0]));

                cr_expect(text_is(answer.text, settings[i][1]), "%s", settings[i][0]);
        }
}

Test(pg, a_failure_says_what_kind_it_is_and_which_constraint)
{
        static const struct {
                const char *sql;
                int error;
                const char *constraint;
        } cases[] = {
                { "insert into one values (1, 1, 'x')", -EEXIST, "one_pkey" },
                { "insert into one values (2, 7, 'x')", -EBUSY, "one_other_fkey" },
                { "delete from one where id = 1", -EBUSY, "one_other_fkey" },
                { "insert into one values (2, 1, 'long')", -EINVAL, "short" },
                { "insert into one values (2, 1, null)", -EINVAL, "" },
                { "insert into one values (2, 1, 'late')", -EINVAL, "short" },
                { "insert into one select i, 1, 'y' from generate_series(2, 3) i", -EEXIST, "one_name_key" },
                { "select 1/0", -EINVAL, "" },
                { "select * from nowhere", -EIO, "" },
                { "select 1; select 2", -EIO, "" },
        };

        must(pg, "create table one (id int primary key, other int not null references one,"
                 " name text not null constraint short check (length(name) = 1),"
                 " constraint one_name_key unique (name) deferrable initially deferred)");
        must(pg, "insert into one values (1, 1, 'x')");
        must(pg, "insert into one values (9, 1, 'z')");
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Answer answer = ask(pg, cases[i].sql);

                cr_expect(eq(int, answer.error, cases[i].error), "%s: %s", cases[i].sql, answer.message);
                cr_expect(text_is(answer.constraint, cases[i].constraint), "%s", cases[i].sql);
                cr_expect(not(text_is(answer.message, "")));
        }
        cr_expect(text_is(must(pg, "select count(*)::text from one").text, "2"),
                  "a failed statement left something");
}

Test(pg, a_failure_never_quotes_the_row)
{
        Answer answer;

        must(pg, "create table secret (value text constraint never check (value = ''))");
        answer = ask(pg, "insert into secret values ($1)", pg_text("hunter2"));
        cr_assert(eq(int, answer.error, -EINVAL));
        cr_expect(not(text_has(answer.message, "hunter2")), "%s", answer.message);
}

Test(pg, requests_and_answers_bigger_than_a_socket_buffer_pass)
{
        size_t size = 20 << 20;
        char *big = malloc(size + 1);
        Answer answer;

        cr_assert(ne(ptr, big, NULL));
        memset(big, 'x', size);
        big[size] = '\0';
        submit(pg, &PG_QUERY("select length($1)::text, $1", pg_text(big)), &answer);
        free(big); /* the request has its own copy */
        wait_for(&answer);
        cr_expect(text_is(answer.text, "20971520"));
}

static unsigned n_in_order;

static void on_ordered(void *userdata, int error, const PgResult *result _unused_)
{
        cr_assert(eq(int, error, 0));
        cr_assert(eq(ptr, userdata, (void *) (uintptr_t) n_in_order));
        n_in_order++;
}

Test(pg, answers_come_in_the_order_of_the_requests)
{
        for (uintptr_t i = 0; i < 2000; i++)
                cr_assert(eq(int,
                             pg_submit(pg, &PG_QUERY("select $1", pg_u64(i)), USEC_INFINITY, on_ordered,
                                       (void *) i, NULL),
                             0));
        while (n_in_order < 2000)
                turn();
}

Test(pg, a_request_that_is_freed_is_not_sent_and_one_that_was_sent_runs_to_its_end)
{
        Answer sent = { .done = false }, unsent = { .done = false };
        PgRequest *first, *second;

        must(pg, "create table mark (word text)");
        cr_assert(eq(int,
                     pg_submit(pg, &PG_QUERY("insert into mark select 'sent' from pg_sleep(0.2)"),
                               USEC_INFINITY, on_answer, &sent, &first),
                     0));
        cr_assert(eq(int,
                     pg_submit(pg, &PG_QUERY("insert into mark values ('unsent')"), USEC_INFINITY, on_answer,
                               &unsent, &second),
                     0));
        turn(); /* the kick */
        pg_request_free(first);
        pg_request_free(second);
        cr_expect(text_is(must(pg, "select string_agg(word, ' ') from mark").text, "sent"));
        cr_expect(not(sent.done));
        cr_expect(not(unsent.done));
}

static Answer chained;

static void on_chained(void *userdata, int error, const PgResult *result)
{
        PgRequest **request = userdata;

        cr_assert(eq(int, error, 0));
        cr_expect(text_is(pg_result_text(result, 0, 0), "first"));
        *request = pg_request_free(*request);
        cr_expect(text_is(pg_result_text(result, 0, 0), "first"));
        submit(pg, &PG_QUERY("select 'second'"), &chained);
}

Test(pg, a_request_may_be_freed_in_its_own_callback_and_submit_another)
{
        PgRequest *request;

        cr_assert(
                eq(int,
                   pg_submit(pg, &PG_QUERY("select 'first'"), USEC_INFINITY, on_chained, &request, &request),
                   0));
        while (!chained.done)
                turn();
        cr_expect(text_is(chained.text, "second"));
        cr_expect(request == NULL);
}

Test(pg_cold, a_password_is_not_in_the_sentence)
{
        char url[200], path[100];
        Pg *guarded;
        FILE *hba;

        (void) snprintf(path, sizeof(path), "%s/pg_hba.conf", cluster.directory);
        hba = fopen(path, "we");
        cr_assert(ne(ptr, hba, NULL));
        (void) fputs("local all guarded password\nlocal all all trust\n", hba);
        cr_assert(eq(int, fclose(hba), 0));
        cluster_start(&cluster);
        must(pg, "create role guarded login password 'right'");
        (void) snprintf(url, sizeof(url), "postgresql://guarded:guarded-hunter2@/postgres?host=%s",
                        cluster.directory);
        cr_assert(eq(int, pg_new(event, url, NULL, NULL, &guarded), 0));
        while (!pg_sentence(guarded))
                turn();
        cr_expect(text_has(pg_sentence(guarded), "password authentication failed"), "%s",
                  pg_sentence(guarded));
        cr_expect(not(text_has(pg_sentence(guarded), "hunter2")), "%s", pg_sentence(guarded));
        pg_free(guarded);
}

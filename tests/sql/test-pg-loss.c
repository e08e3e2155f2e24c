/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "fixture.h"
#include "proxy.h"

TestSuite(pg_loss, .init = fixture_start, .fini = fixture_end, .timeout = 120);
TestSuite(pg_loss_cold, .init = fixture_make, .fini = fixture_end, .timeout = 120);

Test(pg_loss_cold, requests_wait_for_a_server_that_is_not_there_yet)
{
        Answer answer;

        submit(pg, &PG_QUERY("select 'there'"), &answer);
        while (!pg_sentence(pg))
                turn();
        cr_expect(text_has(pg_sentence(pg), "No such file or directory"), "%s", pg_sentence(pg));
        cr_expect(not(answer.done));
        cluster_start(&cluster);
        wait_for(&answer);
        cr_expect(text_is(answer.text, "there"));
        cr_expect(pg_sentence(pg) == NULL);
}

Test(pg_loss_cold, a_deadline_ends_what_was_never_sent_and_it_is_never_sent_later)
{
        Answer late = { .done = false };
        uint64_t now;

        cr_assert(ge(int, sd_event_now(event, CLOCK_MONOTONIC, &now), 0));
        cr_assert(eq(int,
                     pg_submit(pg, &PG_QUERY("create table too_late ()"), now + 100 * USEC_PER_MSEC,
                               on_answer, &late, NULL),
                     0));
        wait_for(&late);
        cr_expect(eq(int, late.error, -ETIMEDOUT));
        cr_expect(text_has(late.message, "No such file"), "%s", late.message);
        cluster_start(&cluster);
        cr_expect(text_is(must(pg, "select count(*)::text from pg_class where relname = 'too_late'").text,
                          "0"));
}

Test(pg_loss, a_deadline_does_not_end_what_was_sent)
{
        Answer answer = { .done = false };
        uint64_t now;

        cr_assert(ge(int, sd_event_now(event, CLOCK_MONOTONIC, &now), 0));
        cr_assert(eq(int,
                     pg_submit(pg, &PG_QUERY("select 'slept' from pg_sleep(0.3)"), now + 100 * USEC_PER_MSEC,
                               on_answer, &answer, NULL),
                     0));
        wait_for(&answer);
        cr_expect(eq(int, answer.error, 0));
        cr_expect(text_is(answer.text, "slept"));
}

Test(pg_loss, comes_back_after_the_postmaster_was_killed)
{
        Answer answer;

        must(pg, "create table kept as select 'kept' as word");
        for (int i = 0; i < 3; i++) {
                cluster_kill(&cluster, SIGKILL);
                wait_for_state(pg, PG_CONNECTING);
                submit(pg, &PG_QUERY("select word from kept"), &answer);
                cr_expect(not(answer.done));
                cluster_start(&cluster);
                wait_for(&answer);
                cr_expect(text_is(answer.text, "kept"));
        }
}

Test(pg_loss, comes_back_after_an_orderly_restart)
{
        cluster_kill(&cluster, SIGINT);
        wait_for_state(pg, PG_CONNECTING);
        cr_expect(text_is(last_sentence, "terminating connection due to administrator command"));
        cluster_start(&cluster);
        wait_for_state(pg, PG_CONNECTED);
}

/* The pattern of pg.h, "Operation ids". */
#define MAKE_ONCE                                                                                         \
        "with done as (select from event where operation = $1),"                                          \
        " made as (insert into thing (name) select $2 where not exists (select from done) returning id)," \
        " noted as (insert into event (operation) select $1 from made)"                                   \
        " select id::text from made"                                                                      \
        " union all select id::text from thing where name = $2 and exists (select from done)"

static void make_things(Pg *admin)
{
        must(admin, "create table thing (id serial primary key, name text not null unique)");
        must(admin, "create table event (operation uuid constraint event_operation_key unique)");
}

Test(pg_loss, a_commit_whose_answer_was_lost_takes_effect_once)
{
        Answer answer;
        Proxy proxy;
        Pg *through;
        char name[] = "a";

        make_things(pg);
        proxy_start(&proxy, event, cluster.directory);
        through = connect_another(proxy.directory);
        for (; name[0] < 'k'; name[0]++) {
                sd_id128_t operation;

                cr_assert(ge(int, sd_id128_randomize(&operation), 0));
                proxy.swallow = 1;
                submit(through, &PG_QUERY(MAKE_ONCE, pg_id(operation), pg_text(name)), &answer);
                wait_for(&answer);
                cr_expect(eq(int, answer.error, 0), "%s", answer.message);
                cr_expect(
                        text_is(answer.text,
                                must(pg, "select id::text from thing where name = $1", pg_text(name)).text));
        }
        cr_expect(eq(u32, proxy.swallowed, 10), "the proxy lost no answer, nothing was tried");
        cr_expect(text_is(must(pg, "select count(*)::text from thing").text, "10"));
        cr_expect(text_is(must(pg, "select count(*)::text from event").text, "10"));
        pg_free(through);
        proxy_stop(&proxy);
}

Test(pg_loss, a_request_in_flight_when_its_backend_is_terminated_is_done_once)
{
        Pg *admin = connect_another(cluster.directory);
        Answer answer, terminated;
        sd_id128_t operation;

        make_things(admin);
        must(admin, "create function slow() returns trigger language plpgsql as"
                    " 'begin perform pg_sleep(0.5); return new; end'");
        must(admin, "create trigger slow before insert on thing for each row execute function slow()");
        cr_assert(ge(int, sd_id128_randomize(&operation), 0));
        submit(pg, &PG_QUERY(MAKE_ONCE, pg_id(operation), pg_text("x")), &answer);
        do
                terminated = must(admin, "select pg_terminate_backend(pid)::text from pg_stat_activity"
                                         " where wait_event = 'PgSleep'");
        while (terminated.n_rows == 0);
        wait_for(&answer);
        cr_expect(eq(int, answer.error, 0), "%s", answer.message);
        cr_expect(gt(u32, n_lost, 0));
        cr_expect(text_is(must(admin, "select count(*)::text from thing").text, "1"));
        pg_free(admin);
}

Test(pg_loss, what_others_were_in_the_way_of_is_tried_again)
{
        Answer answer;

        must(pg, "create sequence tries");
        must(pg, "create function flaky(times int, code text) returns text language plpgsql as"
                 " $$ begin if nextval('tries') <= times then"
                 "  raise exception 'no' using errcode = code; end if; return 'yes'; end $$");
        answer = must(pg, "select flaky(4, '40001')");
        cr_expect(text_is(answer.text, "yes"));
        cr_expect(text_is(must(pg, "select last_value::text from tries").text, "5"));

        must(pg, "select setval('tries', 1)::text");
        cr_expect(eq(int, ask(pg, "select flaky(100, '40P01')").error, -EAGAIN));
        cr_expect(text_is(must(pg, "select last_value::text from tries").text, "6"), "not %d tries",
                  PG_TRIES_MAX);
        cr_expect(eq(u32, n_lost, 0));
}

Test(pg_loss, a_server_that_says_it_shuts_down_is_left_and_the_request_done_on_the_next_connection)
{
        must(pg, "create sequence tries");
        must(pg, "create function flaky() returns text language plpgsql as"
                 " $$ begin if nextval('tries') <= 2 then"
                 "  raise exception 'no' using errcode = '57P01'; end if; return 'yes'; end $$");
        cr_expect(text_is(must(pg, "select flaky()").text, "yes"));
        cr_expect(eq(u32, n_lost, 2));
}

Test(pg_loss, a_request_that_ends_the_connection_every_time_does_not_hold_up_the_others_for_ever)
{
        Answer poison, next;

        submit(pg, &PG_QUERY("select pg_terminate_backend(pg_backend_pid())"), &poison);
        submit(pg, &PG_QUERY("select 'next'"), &next);
        while (!poison.done) {
                turn();
                pg_reconnect_now(pg);
        }
        cr_expect(eq(int, poison.error, -ECONNABORTED));
        wait_for(&next);
        cr_expect(text_is(next.text, "next"));
}

/* A file system of 1 MiB, in a mount namespace that ends with the test. */
static char small[100];

static void make_small_space(void)
{
        cr_assert(eq(int, unshare(CLONE_NEWNS), 0));
        cr_assert(eq(int, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0));
        (void) snprintf(small, sizeof(small), "%s/small", cluster.directory);
        cr_assert(eq(int, mkdir(small, 0755), 0));
        cr_assert(eq(int, mount("tmpfs", small, "tmpfs", 0, "size=1m,uid=65534,gid=65534,mode=0700"), 0));
}

Test(pg_loss_cold, without_space_changes_wait_reads_go_on_and_it_heals)
{
        Answer write, answer;
        char sql[160];
        Pg *admin;

        make_small_space();
        cluster_start(&cluster);
        admin = connect_another(cluster.directory);
        (void) snprintf(sql, sizeof(sql), "create tablespace small location '%s'", small);
        must(admin, sql);
        must(admin, "create table filler tablespace small as select repeat('x', 1000) from "
                    "generate_series(1, 600)");
        must(admin, "create table wanted (word text) tablespace small");

        submit(pg, &PG_QUERY("insert into wanted select repeat('x', 1000) from generate_series(1, 500)"),
               &write);
        wait_for_state(pg, PG_OUT_OF_SPACE);
        cr_expect(text_is(pg_state_to_string(pg_state(pg)), "out-of-space"));
        cr_expect(text_has(pg_sentence(pg), "No space left on device"), "%s", pg_sentence(pg));

        submit(pg, &PG_READ("select 'read'"), &answer);
        wait_for(&answer);
        cr_expect(text_is(answer.text, "read"));
        cr_expect(not(write.done));
        cr_expect(eq(int, pg_state(pg), PG_OUT_OF_SPACE));

        answer = (Answer){ .done = false };
        cr_assert(eq(int, pg_submit(pg, &PG_QUERY("select 'a change'"), 0, on_answer, &answer, NULL), 0));
        wait_for(&answer);
        cr_expect(eq(int, answer.error, -ENOSPC));

        must(admin, "drop table filler");
        wait_for(&write);
        cr_expect(eq(int, write.error, 0), "%s", write.message);
        cr_expect(eq(int, pg_state(pg), PG_CONNECTED));
        cr_expect(text_is(must(admin, "select count(*)::text from wanted").text, "500"));
        pg_free(admin);
        cluster_kill(&cluster, SIGQUIT);
        cr_expect(eq(int, umount(small), 0));
}

static int on_tick(sd_event_source *source, uint64_t usec _unused_, void *userdata)
{
        (*(unsigned *) userdata)++;
        cr_assert(ge(int, sd_event_source_set_time_relative(source, USEC_PER_MSEC), 0));
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

Test(pg_loss, the_loop_goes_on_while_the_server_hangs)
{
        unsigned ticks = 0;
        Answer answer;
        pid_t backend;

        backend = (pid_t) atoi(must(pg, "select pg_backend_pid()::text").text);
        cr_assert(gt(int, backend, 1));
        cr_assert(eq(int, kill(backend, SIGSTOP), 0));
        submit(pg, &PG_QUERY("select repeat('x', 100)"), &answer);
        cr_assert(
                ge(int, sd_event_add_time_relative(event, NULL, CLOCK_MONOTONIC, 0, 1, on_tick, &ticks), 0));
        while (ticks < 100)
                turn();
        cr_expect(not(answer.done));
        cr_assert(eq(int, kill(backend, SIGCONT), 0));
        wait_for(&answer);
        cr_expect(eq(int, answer.error, 0));
}

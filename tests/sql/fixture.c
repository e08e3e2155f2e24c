/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture.h"

#include <criterion/hooks.h>
#include <stdio.h>
#include <stdlib.h>

/* Far above what anything here takes; a test that reaches it hangs. */
#define PATIENCE_USEC (60 * USEC_PER_SEC)

Cluster cluster;
sd_event *event;
Pg *pg;
unsigned n_lost;
char last_sentence[400];

static void on_state(void *userdata _unused_, PgState state, const char *sentence)
{
        if (state == PG_CONNECTING)
                n_lost++;
        (void) snprintf(last_sentence, sizeof(last_sentence), "%s", sentence ? sentence : "");
}

static char *conninfo(const char *host)
{
        static char text[200];

        (void) snprintf(text, sizeof(text), "host=%s user=postgres dbname=postgres", host);
        return text;
}

void turn(void)
{
        cr_assert(ge(int, sd_event_run(event, PATIENCE_USEC), 0));
}

void wait_for_state(Pg *of, PgState state)
{
        while (pg_state(of) != state)
                turn();
}

void on_answer(void *userdata, int error, const PgResult *result)
{
        Answer *answer = userdata;

        cr_assert(not(answer->done), "a callback came twice");
        answer->done = true;
        answer->error = error;
        answer->n_rows = error == 0 ? pg_result_rows(result) : 0;
        if (answer->n_rows > 0)
                (void) snprintf(answer->text, sizeof(answer->text), "%s", pg_result_text(result, 0, 0));
        (void) snprintf(answer->constraint, sizeof(answer->constraint), "%s", pg_result_constraint(result));
        (void) snprintf(answer->message, sizeof(answer->message), "%s", pg_result_message(result));
}

void wait_for(Answer *answer)
{
        while (!answer->done)
                turn();
}

void submit(Pg *to, const PgQuery *query, Answer *answer)
{
        *answer = (Answer){ .done = false };
        cr_assert(eq(int, pg_submit(to, query, USEC_INFINITY, on_answer, answer, NULL), 0));
}

void fixture_make(void)
{
        cluster_make(&cluster);
        cr_assert(ge(int, sd_event_new(&event), 0));
        cr_assert(eq(int, pg_new(event, conninfo(cluster.directory), on_state, NULL, &pg), 0));
}

void fixture_start(void)
{
        fixture_make();
        cluster_start(&cluster);
        wait_for_state(pg, PG_CONNECTED);
        n_lost = 0;
}

void fixture_end(void)
{
        pg_free(pg);
        sd_event_unref(event);
        cluster_remove(&cluster);
}

Pg *connect_another(const char *host)
{
        Pg *another;

        cr_assert(eq(int, pg_new(event, conninfo(host), NULL, NULL, &another), 0));
        wait_for_state(another, PG_CONNECTED);
        return another;
}

ReportHook(PRE_ALL)(struct criterion_test_set *tests _unused_)
{
        clusters_prepare();
}

ReportHook(POST_ALL)(struct criterion_global_stats *stats _unused_)
{
        clusters_remove();
}

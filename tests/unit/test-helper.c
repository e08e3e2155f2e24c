/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/pipeline/jobs/helper.h"

/* A helper program: what becomes of its request, its answer and its end. */

static OneshotParams asked;
static int ticket_fd = -1; /* the unit's */
static bool freed;

int oneshot_new(_unused_ Pipeline *pipeline, const OneshotParams *params, Oneshot **ret)
{
        static char handle;

        asked = *params;
        ticket_fd = params->spec->stdin_fd;
        *ret = (Oneshot *) &handle;
        return 0;
}

Oneshot *oneshot_free(Oneshot *oneshot)
{
        freed |= oneshot != NULL;
        return NULL;
}

typedef struct Waiter {
        Helper *helper;
        char failure[200], answer[50], text[50];
        unsigned n_ends;
} Waiter;

/* Both callbacks get this, and free the helper at its end, as a step does. */
static void on_done(void *userdata, const Ticket *answer, const char *failure)
{
        Waiter *waiter = userdata;

        cr_assert_eq(!answer, failure != NULL);
        cr_assert_lt(strlen(failure ? failure : ""), sizeof(waiter->failure));
        strcpy(waiter->failure, failure ? failure : "");
        if (answer)
                strcpy(waiter->answer, ticket_get(answer, "commit"));
        waiter->n_ends++;
        waiter->helper = helper_free(waiter->helper);
}

static void on_text(void *userdata, const char *text)
{
        Waiter *waiter = userdata;

        strcpy(waiter->text, text);
}

static Pipeline pipeline;
static Waiter waiter;

static void begin(OneshotText text)
{
        _cleanup_(ticket_freep) Ticket *request = NULL, *read = NULL;
        UnitSpec spec = UNIT_SPEC_INIT;

        waiter = (Waiter){};
        freed = false;
        cr_assert_eq(ticket_make((TicketLine[]){ { "url", "https://example.com" }, {} }, &request), 0);
        cr_assert_eq(helper_new(&pipeline,
                                &(HelperParams){ .what = "fetch",
                                                 .spec = &spec,
                                                 .request = request,
                                                 .owner = { .deployment = 42, .repository = 7 },
                                                 .time_key = "fetch-timeout",
                                                 .done = on_done,
                                                 .text = text,
                                                 .userdata = &waiter },
                                &waiter.helper),
                     0);
        cr_assert_eq(ticket_read(ticket_fd, TICKET_REQUEST, &read), 0);
        cr_expect_str_eq(ticket_get(read, "url"), "https://example.com");
        cr_expect_eq(asked.owner.deployment, 42);
        cr_expect_eq(asked.owner.repository, 7);
        cr_expect_str_eq(asked.time_key, "fetch-timeout");
}

/* The program writes its answer, and ends. */
static void end(const TicketLine *answer, OneshotResult result, const char *sentence)
{
        char none[] = "";

        if (answer) {
                _cleanup_(ticket_freep) Ticket *ticket = NULL;

                cr_assert_eq(ticket_make(answer, &ticket), 0);
                cr_assert_eq(ticket_write(ticket, ticket_fd), 0);
        }
        asked.done(asked.userdata,
                   &(OneshotEnd){ .result = result, .sentence = sentence, .last_line = none });
        cr_assert_eq(waiter.n_ends, 1);
        cr_expect(freed, "its unit is not removed");
}

static const TicketLine commit[] = { { "commit", "1f0c" }, {} },
                        error[] = { { "error", "no branch x" }, {} };

Test(helper, its_answer_is_told)
{
        begin(on_text);
        end(commit, ONESHOT_SUCCESS, NULL);
        cr_expect_str_eq(waiter.answer, "1f0c");
        cr_expect_str_eq(waiter.failure, "");
}

Test(helper, what_it_says_while_it_works_is_told_to_the_same)
{
        begin(on_text);
        asked.text(asked.userdata, "receiving 3 of 9");
        cr_expect_str_eq(waiter.text, "receiving 3 of 9");
        end(commit, ONESHOT_SUCCESS, NULL);
        begin(NULL);
        cr_expect_null(asked.text, "nobody listens");
        end(commit, ONESHOT_SUCCESS, NULL);
}

Test(helper, its_own_sentence_goes_before_the_way_it_ended)
{
        begin(NULL);
        end(error, ONESHOT_EXITED, "exited with status 1");
        cr_expect_str_eq(waiter.failure, "fetch: no branch x");
        begin(NULL);
        end(error, ONESHOT_SUCCESS, NULL);
        cr_expect_str_eq(waiter.failure, "fetch: no branch x");
        begin(NULL);
        end(NULL, ONESHOT_TIMEOUT, "ran out of time");
        cr_expect_str_eq(waiter.failure, "fetch: ran out of time");
}

Test(helper, an_answer_of_one_that_has_failed_is_none)
{
        begin(NULL);
        end(commit, ONESHOT_KILLED, "was killed by signal SIGKILL");
        cr_expect_str_eq(waiter.failure, "fetch: was killed by signal SIGKILL");
}

Test(helper, an_end_without_a_whole_answer_is_a_failure)
{
        begin(NULL);
        end(NULL, ONESHOT_SUCCESS, NULL);
        cr_expect_str_eq(waiter.failure, "fetch: it ended without an answer");
        begin(NULL);
        cr_assert_gt(lseek(ticket_fd, 0, SEEK_END), 0);
        cr_assert_eq(dprintf(ticket_fd, "no line\n\n"), 9);
        end(NULL, ONESHOT_SUCCESS, NULL);
        cr_expect_str_eq(waiter.failure, "fetch: its answer is malformed");
}

Test(helper, one_that_systemd_refuses_has_no_answer)
{
        begin(NULL);
        end(NULL, ONESHOT_NOT_STARTED, "no");
        cr_expect_str_eq(waiter.failure, "fetch: no");
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ports/handover.h"

#include <errno.h>

#include "tests/unit/test-kept.h"

TestSuite(handover, .init = begin, .fini = end, .timeout = 60);

static void answer_question(void)
{
        if (handover_answer(pair[1], &kept) < 0)
                _exit(EXIT_FAILURE);
}

static void hand_over(size_t n)
{
        pid_t child;

        add_many(n);
        child = beside(answer_question);
        cr_assert_eq(handover_ask(pair[0], &other), 0);
        is_same(&kept, &other);
        close_pair();
        ended_well(child);
}

Test(handover, a_socket_is_handed_over)
{
        hand_over(1);
}

Test(handover, as_many_as_a_message_takes_are_handed_over)
{
        hand_over(PASSING_MAX);
}

Test(handover, more_than_a_message_takes_are_handed_over)
{
        hand_over(MANY);
}

static void answer_nothing(void)
{
        char question[16];

        (void) recv(pair[1], question, sizeof(question), 0);
}

Test(handover, who_may_not_ask_is_told)
{
        pid_t child = beside(answer_nothing);

        cr_assert_eq(handover_ask(pair[0], &other), -ECONNRESET);
        ended_well(child);
}

static void answer_half(void)
{
        static const int n = 2;
        Passing passing = { .fds = { listener() }, .n = 1 };

        answer_nothing();
        (void) send(pair[1], &n, sizeof(n), 0);
        (void) passing_send(pair[1], &passing, "", 1, 0);
        answer_nothing();
}

Test(handover, an_answer_that_ends_half_way_is_an_error)
{
        pid_t child = beside(answer_half);

        cr_assert_eq(handover_ask(pair[0], &other), -ECONNRESET);
        ended_well(child);
}

Test(handover, another_question_is_not_answered)
{
        add_many(1);
        cr_assert_eq(send(pair[0], "_getstocks\n", 11, 0), 11);
        cr_assert_eq(handover_answer(pair[1], &kept), -EBADMSG);
        (void) shutdown(pair[0], SHUT_WR);
        close_pair();
}

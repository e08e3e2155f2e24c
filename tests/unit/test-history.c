/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/pipeline/call.h"
#include "daemon/pipeline/calls/history-calls.h"
#include "daemon/pipeline/calls/pending-call.h"

/* Reads of the past: one at a time, users in turn. The store is a fake that answers when it is told to. */

static struct {
        unsigned n_under_way;
        uint64_t id;
        StoreHistoryDone done;
        void *userdata;
        void (*drop)(void *userdata);
        int error; /* the next read is refused with it */
} fake;

static Pipeline pipeline;
static char ended[512]; /* the numbers of the reads that have ended, those that failed with an X */

int store_history(Store *store, uint64_t app, uint64_t before, uint64_t id, unsigned limit,
                  uint64_t deadline, StoreHistoryDone done, void *userdata, void (*drop)(void *userdata))
{
        (void) store, (void) app, (void) before, (void) limit, (void) deadline;
        if (fake.error < 0)
                return fake.error;
        fake.n_under_way++;
        cr_assert_eq(fake.n_under_way, 1, "two at once");
        fake.id = id;
        fake.done = done;
        fake.userdata = userdata;
        fake.drop = drop;
        return 0;
}

static void answer(void)
{
        static const DeploymentRecord record = { .id = 1 };

        cr_assert_eq(fake.n_under_way, 1, "nothing is under way");
        fake.n_under_way = 0;
        fake.done(fake.userdata, 0, &record, 1);
}

static void on_end(void *userdata, const sd_bus_error *error, const DeploymentRecord *records,
                   size_t n_records)
{
        size_t length = strlen(ended);

        cr_assert_eq(error == NULL, records != NULL && n_records == 1);
        (void) snprintf(ended + length, sizeof(ended) - length, "%s%ju ", error ? "X" : "",
                        (uintmax_t) (uintptr_t) userdata);
}

static void ask(uid_t uid, uint64_t number)
{
        cr_assert_eq(history_describe(&pipeline, number, uid, on_end, (void *) (uintptr_t) number, NULL), 0);
}

static void start(void)
{
        fake.n_under_way = 0;
        ended[0] = '\0';
        pipeline = (Pipeline){};
        cr_assert(sd_event_new(&pipeline.params.event) >= 0);
}

static void end(void)
{
        histories_free(&pipeline);
        if (fake.n_under_way > 0)
                fake.drop(fake.userdata);
        sd_event_unref(pipeline.params.event);
}

TestSuite(history, .init = start, .fini = end, .timeout = 60);

Test(history, users_take_turns_and_each_keeps_his_order)
{
        for (uint64_t i = 1; i <= 4; i++)
                ask(65534, i);
        ask(0, 11);
        ask(1000, 21);
        ask(0, 12);
        cr_assert_eq(fake.id, 1);
        while (fake.n_under_way > 0)
                answer();
        /* After the first comes root, who is the next in the order of numbers. */
        cr_assert_str_eq(ended, "1 11 21 2 12 3 4 ");
}

Test(history, who_floods_waits_for_himself)
{
        char wanted[sizeof(ended)];

        for (uint64_t i = 1; i <= 60; i++)
                ask(65534, i);
        ask(0, 100);
        answer();
        answer();
        (void) snprintf(wanted, sizeof(wanted), "1 100 ");
        cr_assert_str_eq(ended, wanted);
}

Test(history, what_is_refused_at_once_lets_the_next_go_on)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;

        fake.error = -ENOMEM;
        cr_assert_lt(history_list(&pipeline, NULL, 0, 1, 0, on_end, NULL, &error), 0);
        sd_bus_error_free(&error);
        cr_assert_str_eq(ended, "");
        fake.error = 0;
        ask(0, 1);
        ask(0, 2);
        ask(0, 3);
        fake.error = -ENOMEM;
        answer();
        fake.error = 0;
        cr_assert_str_eq(ended, "1 X2 X3 ");
        ask(0, 4);
        answer();
        cr_assert_str_eq(ended, "1 X2 X3 4 ");
}

Test(history, what_waits_too_long_is_told_so)
{
        uint64_t now = clock_usec(CLOCK_MONOTONIC), planned;

        ask(0, 1);
        ask(0, 2);
        cr_assert(sd_event_source_get_time(pipeline.history_patience, &planned) >= 0);
        cr_assert_geq(planned, now + REQUEST_PATIENCE_USEC);
        histories_expire(&pipeline, planned - 1);
        cr_assert_str_eq(ended, "", "not yet");
        histories_expire(&pipeline, planned);
        cr_assert_str_eq(ended, "X2 ", "the one under way is for the store to end");
        answer();
        cr_assert_str_eq(ended, "X2 1 ");
}

Test(history, the_end_of_the_pipeline_tells_all)
{
        ask(0, 1);
        ask(0, 2);
        ask(5, 3);
        fake.drop(fake.userdata);
        fake.n_under_way = 0;
        histories_free(&pipeline);
        cr_assert_str_eq(ended, "X1 X2 X3 ");
}

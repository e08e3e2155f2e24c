/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/bus-limit.h"

#include <stdio.h>
#include <string.h>

#include "tests/dbus/fixture.h"
#include "tests/dbus/story.h"

/* What a user may ask for, before anything is looked at, and what waits until it is known who asks. */
BUS_SUITE(bus_limit);

#define PING    BUS_PATH, "org.freedesktop.DBus.Peer", "Ping"
#define GET_APP BUS_PATH, BUS_INTERFACE_MANAGER, "GetApp"
#define LIST    BUS_PATH, BUS_INTERFACE_MANAGER, "ListDeployments"

/* Neither root nor nobody, and known to the bus: Debian's `daemon`. */
#define SOMEBODY 1

Test(bucket, is_full_at_first_and_fills_up_at_its_rate)
{
        Bucket bucket = {};
        uint64_t now = 1000;

        for (unsigned i = 0; i < 3; i++) {
                cr_assert(bucket_fill(&bucket, 3, 2, now), "%u", i);
                bucket_take(&bucket, 1);
        }
        cr_assert_not(bucket_fill(&bucket, 3, 2, now));
        cr_assert_not(bucket_fill(&bucket, 3, 2, now += 499999));
        cr_assert(bucket_fill(&bucket, 3, 2, now += 1));
        bucket_take(&bucket, 1);
        cr_assert_not(bucket_fill(&bucket, 3, 2, now));
        /* However long it takes, no more than it holds. */
        now += UINT64_C(1) << 60;
        for (unsigned i = 0; i < 3; i++) {
                cr_assert(bucket_fill(&bucket, 3, 2, now), "%u", i);
                bucket_take(&bucket, 1);
        }
        cr_assert_not(bucket_fill(&bucket, 3, 2, now));
}

Test(bucket, lends_and_is_paid_back)
{
        Bucket bucket = {};

        cr_assert(bucket_fill(&bucket, 10, 1, 1));
        bucket_take(&bucket, 30);
        cr_assert_not(bucket_fill(&bucket, 10, 1, 1 + 20 * USEC_PER_SEC));
        cr_assert(bucket_fill(&bucket, 10, 1, 1 + 21 * USEC_PER_SEC));
}

Test(bucket, bears_the_greatest_numbers)
{
        Bucket bucket = {};

        cr_assert(bucket_fill(&bucket, 1000000, 1000000, 1));
        for (unsigned i = 0; i < 100; i++)
                bucket_take(&bucket, UINT64_MAX);
        cr_assert_not(bucket_fill(&bucket, 1000000, 1000000, 2));
        cr_assert(bucket_fill(&bucket, 1000000, 1000000, UINT64_MAX));
        /* A smaller bucket, after a reload, and a clock that stands. */
        cr_assert(bucket_fill(&bucket, 1, 1, UINT64_MAX));
        bucket_take(&bucket, 1);
        cr_assert_not(bucket_fill(&bucket, 1, 1, UINT64_MAX));
}

static void limit(uint64_t burst)
{
        fixture.config.calls_burst_per_user = burst;
        fixture.config.calls_rate_per_user = 1;
}

static void send_ping(sd_bus *client, char **story)
{
        cr_assert(sd_bus_call_method_async(client, NULL, BUS_NAME, PING, note_answer, story, NULL) >= 0);
}

static sd_bus *known(uid_t uid)
{
        sd_bus *client = fixture_connect(uid);

        sd_bus_message_unref(fixture_call(client, GET_APP, "s", "none"));
        return client;
}

Test(bus_limit, refuses_more_than_a_user_may_ask_for_whatever_the_connection)
{
        sd_bus *one = known(SOMEBODY), *two = known(SOMEBODY);
        char *story = NULL;

        limit(10);
        /* Filled to what is allowed now. */
        send_ping(one, &story);
        run_until(&story, 1);
        for (unsigned i = 0; i < 12; i++)
                send_ping(i % 2 == 0 ? one : two, &story);
        run_until(&story, 13);
        cr_assert(count(story, "ok") >= 10 && count(story, "ok") <= 11, "%s", story);
        cr_assert_eq(count(story, "ok") + count(story, "limit"), 13, "%s", story);
        free(story);
        /* Others are not concerned. */
        fixture_succeeds(fixture.watcher, PING, NULL);
        fixture_succeeds(fixture.client, PING, NULL);
        sd_bus_close_unref(one);
        sd_bus_close_unref(two);
}

Test(bus_limit, does_not_bind_root)
{
        char *story = NULL;

        fixture_settle();
        limit(1);
        for (unsigned i = 0; i < 100; i++)
                send_ping(fixture.client, &story);
        run_until(&story, 100);
        cr_assert_eq(count(story, "ok"), 100);
        free(story);
}

/* Answers that say no are bound, too: who asks on and on gets none. */
Test(bus_limit, stops_answering_who_does_not_stop)
{
        sd_bus *client = known(SOMEBODY);
        char *story = NULL;

        limit(5);
        for (unsigned i = 0; i < 60; i++)
                send_ping(client, &story);
        fixture_settle();
        fixture_settle();
        cr_assert(count(story, "ok") >= 5 && count(story, "ok") <= 8, "%s", story);
        cr_assert(count(story, "limit") >= 5 && count(story, "limit") <= 8, "%s", story);
        free(story);
        sd_bus_close_unref(client);
}

Test(bus_limit, does_no_more_for_who_wants_no_answer)
{
        sd_bus *client = known(SOMEBODY);

        limit(8);
        fixture.pipeline.hold = true;
        for (unsigned i = 0; i < 50; i++) {
                sd_bus_message *message = fixture_new_call(client, LIST);

                cr_assert(sd_bus_message_append(message, "stu", "", (uint64_t) 0, 0) >= 0);
                cr_assert(sd_bus_message_set_expect_reply(message, false) >= 0);
                cr_assert(sd_bus_send(client, message, NULL) >= 0);
                sd_bus_message_unref(message);
        }
        cr_assert(sd_bus_flush(client) >= 0);
        fixture_settle();
        cr_assert_eq(fixture.pipeline.n_held, 1, "one is more than there is");
        fake_pipeline_release(&fixture.pipeline);
        sd_bus_close_unref(client);
}

static unsigned call_until_refused(sd_bus *client, const char *interface, const char *member)
{
        for (unsigned n = 0;; n++) {
                sd_bus_message *answer = fixture_call(client, BUS_PATH, interface, member, NULL);
                bool is_refused = sd_bus_message_is_method_error(answer, LIMITS_EXCEEDED);

                cr_assert_eq(is_refused, sd_bus_message_is_method_error(answer, NULL));
                sd_bus_message_unref(answer);
                if (is_refused)
                        return n;
        }
}

/* The longer the list the fewer; but one, whatever there is. */
Test(bus_limit, lists_cost_what_they_take)
{
        sd_bus *one = known(1), *two = known(2), *three = known(3);
        Repository *repository = fixture_repository("code");
        char name[16];

        for (unsigned i = 0; i < 79; i++) {
                (void) snprintf(name, sizeof(name), "app%u", i);
                (void) fixture_app(name, repository);
        }
        limit(50);
        fixture.config.calls_rate_per_user = 1;
        cr_assert_eq(call_until_refused(one, BUS_INTERFACE_MANAGER, "ListApps"), 4, "11 each");
        cr_assert_eq(call_until_refused(two, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects"), 1);
        fixture.pipeline.n_records = 0;
        fixture_succeeds(three, LIST, "stu", "", (uint64_t) 0, 1000);
        /* There was nothing: that costs no more than a call. */
        fixture_succeeds(three, LIST, "stu", "", (uint64_t) 0, 1000);
        sd_bus_close_unref(one);
        sd_bus_close_unref(two);
        sd_bus_close_unref(three);
}

/* Who begins with a crowd of calls gets the short replies only. */
Test(bus_limit, sends_no_long_list_into_a_crowd)
{
        sd_bus *client = fixture_connect(SOMEBODY);
        char *story = NULL;

        for (unsigned i = 0; i < 20; i++)
                cr_assert(sd_bus_call_method_async(client, NULL, BUS_NAME, LIST, note_answer, &story, "stu",
                                                   "", (uint64_t) 0, i % 2 == 0 ? 1000 : 2) >= 0);
        run_until(&story, 20);
        cr_assert_eq(count(story, "ok"), 10, "%s", story);
        cr_assert_eq(count(story, "limit"), 10, "%s", story);
        free(story);
        sd_bus_close_unref(client);
}

/* A list is paid before it is made, so that many at once are not cheaper. */
Test(bus_limit, lists_are_paid_before_they_are_made)
{
        sd_bus *client = known(SOMEBODY);

        limit(50);
        fixture.pipeline.hold = true;
        for (unsigned i = 0; i < 5; i++)
                cr_assert(sd_bus_call_method_async(client, NULL, BUS_NAME, LIST, NULL, NULL, "stu", "",
                                                   (uint64_t) 0, 1000) >= 0);
        fixture_settle();
        cr_assert_eq(fixture.pipeline.n_held, 1);
        fake_pipeline_release(&fixture.pipeline);
        sd_bus_close_unref(client);
}

static void send_list(sd_bus *client, char **story)
{
        cr_assert(sd_bus_call_method_async(client, NULL, BUS_NAME, LIST, note_answer, story, "stu", "",
                                           (uint64_t) 0, 0) >= 0);
}

Test(bus_limit, bounds_the_calls_of_a_user_that_wait)
{
        sd_bus *client = known(SOMEBODY);
        char *story = NULL, *roots = NULL;

        fixture.config.calls_max_per_user = 4;
        fixture.pipeline.hold = true;
        for (unsigned i = 0; i < 6; i++)
                send_list(client, &story);
        fixture_settle();
        cr_assert_str_eq(story, "limit limit ");
        for (unsigned i = 0; i < 6; i++)
                send_list(fixture.client, &roots);
        fixture_settle();
        cr_assert_null(roots);
        fake_pipeline_release(&fixture.pipeline);
        fixture_settle();
        run_until(&story, 6);
        cr_assert_str_eq(story, "limit limit ok ok ok ok ");
        run_until(&roots, 6);
        /* There is room again. */
        send_list(client, &story);
        run_until(&story, 7);
        cr_assert_str_eq(story, "limit limit ok ok ok ok ok ");
        free(story);
        free(roots);
        sd_bus_close_unref(client);
}

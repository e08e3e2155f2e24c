/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/bus-limit.h"

#include <stdio.h>
#include <string.h>

#include "dbus/bus-sender.h"
#include "tests/dbus/fixture.h"

/* What a user may ask for, before anything is looked at, and what waits until it is known who asks. */
BUS_SUITE(bus_limit);

#define LIMITS_EXCEEDED "org.freedesktop.DBus.Error.LimitsExceeded"
#define PROPERTIES      "org.freedesktop.DBus.Properties"
#define PING            BUS_PATH, "org.freedesktop.DBus.Peer", "Ping"
#define GET_APP         BUS_PATH, BUS_INTERFACE_MANAGER, "GetApp"
#define LIST            BUS_PATH, BUS_INTERFACE_MANAGER, "ListDeployments"

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

static int note_answer(sd_bus_message *answer, void *userdata, sd_bus_error *reterr)
{
        char **story = userdata;

        (void) reterr;
        fixture_append(story, "%s ",
                       sd_bus_message_is_method_error(answer, LIMITS_EXCEEDED) ? "limit"
                       : sd_bus_message_is_method_error(answer, NULL) ? sd_bus_message_get_error(answer)->name
                                                                      : "ok");
        return 0;
}

static unsigned count(const char *story, const char *word)
{
        unsigned n = 0;

        for (const char *at = story ? strstr(story, word) : NULL; at; at = strstr(at + 1, word))
                n++;
        return n;
}

static void send_ping(sd_bus *client, char **story)
{
        cr_assert(sd_bus_call_method_async(client, NULL, BUS_NAME, PING, note_answer, story, NULL) >= 0);
}

static void run_until(char **story, unsigned n)
{
        while (count(*story, " ") < n)
                cr_assert(sd_event_run(fixture.event, UINT64_MAX) >= 0);
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
                cr_assert(sd_bus_call_method_async(client, NULL, BUS_NAME, LIST, note_answer, &story, "stu", "",
                                                   (uint64_t) 0, i % 2 == 0 ? 1000 : 2) >= 0);
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

Test(bus_limit, forgets_a_connection_that_is_gone)
{
        sd_bus *client = known(SOMEBODY);
        char *name;
        const char *unique;

        cr_assert(sd_bus_get_unique_name(client, &unique) >= 0);
        name = strdup(unique);
        cr_assert(bus_sender_find(fixture.bus, name));
        sd_bus_close_unref(client);
        fixture_settle();
        cr_assert_null(bus_sender_find(fixture.bus, name));
        free(name);
}

/* Who is gone with his call unanswered leaves nothing. */
Test(bus_limit, forgets_what_waits_of_a_connection_that_is_gone)
{
        for (unsigned i = 0; i < 50; i++) {
                sd_bus *client = fixture_connect(SOMEBODY);
                char *story = NULL;

                send_list(client, &story);
                cr_assert(sd_bus_flush(client) >= 0);
                sd_bus_close_unref(client);
                free(story);
        }
        fixture_settle();
        fixture_settle();
        cr_assert_eq(fixture.bus->n_held, 0);
        cr_assert_eq(fixture.bus->held_bytes, 0);
}

/* Only the bus says that a connection is gone. */
Test(bus_limit, believes_nobody_but_the_bus_that_a_connection_is_gone)
{
        const char *victim, *server;
        sd_bus_message *signal;

        fixture_settle();
        sd_bus_message_unref(fixture_call(fixture.client, GET_APP, "s", "none"));
        cr_assert(sd_bus_get_unique_name(fixture.client, &victim) >= 0);
        cr_assert(sd_bus_get_unique_name(fixture.server, &server) >= 0);
        cr_assert(bus_sender_find(fixture.bus, victim));
        cr_assert(sd_bus_message_new_signal(fixture.watcher, &signal, "/org/freedesktop/DBus",
                                            "org.freedesktop.DBus", "NameOwnerChanged") >= 0);
        cr_assert(sd_bus_message_append(signal, "sss", victim, victim, "") >= 0);
        cr_assert(sd_bus_send_to(fixture.watcher, signal, server, NULL) >= 0);
        sd_bus_message_unref(signal);
        fixture_settle();
        cr_assert(bus_sender_find(fixture.bus, victim));
}

Test(bus_limit, holds_no_more_than_may_wait)
{
        sd_bus *client = fixture_connect(SOMEBODY);
        char *story = NULL;

        fixture.config.calls_max_per_user = 4;
        for (unsigned i = 0; i < 6; i++)
                cr_assert(sd_bus_call_method_async(client, NULL, BUS_NAME, GET_APP, note_answer, &story, "s",
                                                   "none") >= 0);
        run_until(&story, 6);
        cr_assert_eq(count(story, "limit"), 2, "%s", story);
        cr_assert_eq(count(story, BUS_ERROR_NO_SUCH_APP), 4, "%s", story);
        cr_assert_eq(fixture.bus->n_held, 0);
        free(story);
        sd_bus_close_unref(client);
}

/* Big calls of many who are not known do not keep out a small one. */
Test(bus_limit, has_room_for_small_calls_when_big_ones_wait)
{
        enum { BIG = 6 * 1024 * 1024, CLIENTS = 4 };
        sd_bus *clients[CLIENTS], *small = fixture_connect(0);
        char *text = malloc(BIG + 1), *story = NULL, *roots = NULL;

        cr_assert(text);
        memset(text, 'x', BIG);
        text[BIG] = '\0';
        for (unsigned i = 0; i < CLIENTS; i++) {
                clients[i] = fixture_connect(SOMEBODY);
                cr_assert(sd_bus_call_method_async(clients[i], NULL, BUS_NAME, GET_APP, note_answer, &story,
                                                   "s", text) >= 0);
                cr_assert(sd_bus_flush(clients[i]) >= 0);
        }
        cr_assert(sd_bus_call_method_async(small, NULL, BUS_NAME, GET_APP, note_answer, &roots, "s", "no") >= 0);
        run_until(&story, CLIENTS);
        run_until(&roots, 1);
        cr_assert_str_eq(roots, BUS_ERROR_NO_SUCH_APP " ");
        cr_assert_eq(fixture.bus->held_bytes, 0);
        for (unsigned i = 0; i < CLIENTS; i++)
                sd_bus_close_unref(clients[i]);
        sd_bus_close_unref(small);
        free(story);
        free(roots);
        free(text);
}

/* The answer to a call whose sender had to be asked for, and the same once more. */
static void same_answer(const char *path, const char *interface, const char *member, const char *types,
                        const char *first, const char *second)
{
        sd_bus *client = fixture_connect(0);
        sd_bus_message *answers[2];

        for (size_t i = 0; i < ELEMENTSOF(answers); i++) {
                sd_bus_message *message = fixture_new_call(client, path, interface, member);

                if (strcmp(types, "stu") == 0)
                        cr_assert(sd_bus_message_append(message, types, first, (uint64_t) 0, 0) >= 0);
                else if (strcmp(types, "t") == 0)
                        cr_assert(sd_bus_message_append(message, types, strtoull(first, NULL, 10)) >= 0);
                else
                        cr_assert(sd_bus_message_append(message, types, first, second) >= 0);
                answers[i] = fixture_send(client, message);
        }
        cr_assert_eq(sd_bus_message_is_method_error(answers[0], NULL),
                     sd_bus_message_is_method_error(answers[1], NULL), "%s.%s", interface, member);
        if (sd_bus_message_is_method_error(answers[0], NULL)) {
                cr_assert_str_eq(sd_bus_message_get_error(answers[0])->name,
                                 sd_bus_message_get_error(answers[1])->name, "%s %s.%s", path, interface,
                                 member);
                cr_assert_str_eq(sd_bus_message_get_error(answers[0])->message,
                                 sd_bus_message_get_error(answers[1])->message);
        } else {
                cr_assert_str_eq(sd_bus_message_get_signature(answers[0], true),
                                 sd_bus_message_get_signature(answers[1], true), "%s.%s", interface, member);
                while (sd_bus_message_at_end(answers[0], true) == 0) {
                        char *late = fixture_value(answers[0]), *soon = fixture_value(answers[1]);

                        /* In which order objects come means nothing. */
                        if (strcmp(member, "GetManagedObjects") == 0)
                                cr_assert_eq(strlen(late), strlen(soon), "%s\n%s", late, soon);
                        else
                                cr_assert_str_eq(late, soon);
                        free(late);
                        free(soon);
                }
                cr_assert_eq(sd_bus_message_at_end(answers[1], true), 1);
        }
        for (size_t i = 0; i < ELEMENTSOF(answers); i++)
                sd_bus_message_unref(answers[i]);
        sd_bus_close_unref(client);
}

Test(bus_limit, answers_the_first_call_of_a_connection_as_any_other)
{
        static const char log_control[] = "/org/freedesktop/LogControl1";
        static const char app[] = BUS_PATH_APP "/shop", none[] = BUS_PATH_APP "/none";

        (void) fixture_deployment(fixture_app("shop", fixture_repository("code")), 42);
        same_answer(BUS_PATH, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", "", NULL, NULL);
        same_answer(app, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", "", NULL, NULL);
        same_answer(BUS_PATH, BUS_INTERFACE_MANAGER, "ListApps", "", NULL, NULL);
        same_answer(BUS_PATH, BUS_INTERFACE_MANAGER, "ListApps", "s", "x", NULL);
        same_answer(BUS_PATH, BUS_INTERFACE_MANAGER, "ListDeployments", "stu", "shop", NULL);
        same_answer(BUS_PATH, BUS_INTERFACE_MANAGER, "GetApp", "s", "shop", NULL);
        same_answer(BUS_PATH, BUS_INTERFACE_MANAGER, "GetApp", "s", "none", NULL);
        same_answer(BUS_PATH, BUS_INTERFACE_MANAGER, "DescribeDeployment", "t", "42", NULL);
        same_answer(BUS_PATH, BUS_INTERFACE_MANAGER, "Nothing", "", NULL, NULL);
        same_answer(app, BUS_INTERFACE_MANAGER, "ListApps", "", NULL, NULL);
        same_answer(none, BUS_INTERFACE_MANAGER, "ListApps", "", NULL, NULL);
        same_answer(app, BUS_INTERFACE_APP, "Start", "", NULL, NULL);
        same_answer(none, BUS_INTERFACE_APP, "Start", "", NULL, NULL);
        same_answer(BUS_PATH_DEPLOYMENT "/_342", BUS_INTERFACE_APP, "Start", "", NULL, NULL);
        same_answer(BUS_PATH, PROPERTIES, "GetAll", "s", BUS_INTERFACE_MANAGER, NULL);
        same_answer(BUS_PATH, PROPERTIES, "Get", "ss", BUS_INTERFACE_MANAGER, "Version");
        same_answer(BUS_PATH, PROPERTIES, "Get", "ss", BUS_INTERFACE_MANAGER, "None");
        same_answer(BUS_PATH, PROPERTIES, "Get", "ss", BUS_INTERFACE_MANAGER, "no property");
        same_answer(app, PROPERTIES, "GetAll", "s", BUS_INTERFACE_APP, NULL);
        same_answer(app, PROPERTIES, "GetAll", "s", BUS_INTERFACE_MANAGER, NULL);
        same_answer(app, PROPERTIES, "GetAll", "s", "", NULL);
        same_answer(app, PROPERTIES, "GetAll", "s", "x.y", NULL);
        same_answer(app, PROPERTIES, "Get", "ss", BUS_INTERFACE_MANAGER, "Version");
        same_answer(app, PROPERTIES, "Get", "ss", BUS_INTERFACE_APP, "Status");
        same_answer(none, PROPERTIES, "Get", "ss", BUS_INTERFACE_APP, "Status");
        same_answer(none, PROPERTIES, "GetAll", "s", BUS_INTERFACE_APP, NULL);
        same_answer(log_control, PROPERTIES, "Get", "ss", "org.freedesktop.LogControl1", "LogLevel");
        same_answer(app, "org.freedesktop.DBus.Introspectable", "Introspect", "", NULL, NULL);
}

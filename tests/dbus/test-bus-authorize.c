/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "base/text.h"
#include "dbus/bus-limit.h"
#include "tests/dbus/fake-polkit.h"
#include "tests/dbus/story.h"

/* What polkit is asked, and what becomes of calls until it has answered. */
BUS_SUITE(bus_authorize);

#define ACCESS_DENIED "org.freedesktop.DBus.Error.AccessDenied"
#define CHALLENGE     "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"
#define APP_START     BUS_PATH_APP "/shop", BUS_INTERFACE_APP, "Start"
#define APP_DEPLOY    BUS_PATH_APP "/shop", BUS_INTERFACE_APP, "Deploy"

static FakePolkit polkit;

static void begin(PolkitAnswer answer)
{
        (void) fixture_app("shop", fixture_repository("code"));
        fake_polkit_start(&polkit, answer);
}

static int keep(sd_bus_message *answer, void *userdata, sd_bus_error *reterr)
{
        (void) reterr;
        *(sd_bus_message **) userdata = sd_bus_message_ref(answer);
        return 0;
}

static sd_bus_message *await(sd_bus_message **answer)
{
        while (!*answer)
                cr_assert(sd_event_run(fixture.event, UINT64_MAX) >= 0);
        return *answer;
}

/* Sends Start, and runs the loop until polkit has the question. */
static void send_start(sd_bus *client, bool interactive, sd_bus_message **answer)
{
        sd_bus_message *message = fixture_new_call(client, APP_START);
        unsigned n = polkit.n_asked;

        cr_assert(sd_bus_message_set_allow_interactive_authorization(message, interactive) >= 0);
        cr_assert(sd_bus_call_async(client, NULL, message, keep, answer, UINT64_MAX) >= 0);
        sd_bus_message_unref(message);
        fake_polkit_await(&polkit, n + 1);
}

static void wanted_error(sd_bus_message **answer, const char *name, const char *part, int line)
{
        fixture_check_error(await(answer), name, part, line);
        *answer = sd_bus_message_unref(*answer);
        cr_assert_null(fixture.pipeline.asked);
}
#define fails_with(answer, name, part) wanted_error(answer, name, part, __LINE__)

Test(bus_authorize, says_which_right_it_takes_and_who_has_it)
{
        begin(POLKIT_NO);
        fixture_fails(
                ACCESS_DENIED,
                "it takes the right org.deployd.deploy1.operate to start the app shop: be in the group "
                "deployd, or ask root",
                fixture.watcher, APP_START, NULL);
        polkit.answer = POLKIT_CHALLENGE;
        fixture_fails(CHALLENGE, "it takes the right org.deployd.deploy1.operate", fixture.watcher,
                      APP_START, NULL);
        fake_polkit_stop(&polkit);
}

Test(bus_authorize, lets_a_person_be_asked_only_if_the_call_allows_it)
{
        sd_bus_message *answer = NULL;

        begin(POLKIT_YES);
        send_start(fixture.watcher, false, &answer);
        sd_bus_message_unref(await(&answer));
        answer = NULL;
        send_start(fixture.watcher, true, &answer);
        sd_bus_message_unref(await(&answer));
        cr_assert_str_eq(polkit.asked,
                         "operate verb=start app=shop\noperate verb=start app=shop interactive\n");
        cr_assert_str_eq(fixture.pipeline.asked, "app_start shop uid=65534\napp_start shop uid=65534\n");
        fake_polkit_stop(&polkit);
}

Test(bus_authorize, waits_for_a_late_answer_while_others_go_on)
{
        sd_bus_message *answer = NULL;

        begin(POLKIT_LATER);
        send_start(fixture.watcher, false, &answer);
        fixture_succeeds(fixture.client, APP_START, NULL);
        cr_assert_str_eq(fixture.pipeline.asked, "app_start shop uid=0\n");
        cr_assert_null(answer);
        fake_polkit_answer(&polkit, 0, POLKIT_YES);
        cr_assert_not(sd_bus_message_is_method_error(await(&answer), NULL));
        sd_bus_message_unref(answer);
        cr_assert_str_eq(fixture.pipeline.asked, "app_start shop uid=0\napp_start shop uid=65534\n");
        fake_polkit_stop(&polkit);
}

Test(bus_authorize, counts_one_answer_only)
{
        sd_bus_message *answer = NULL;

        begin(POLKIT_LATER);
        send_start(fixture.watcher, false, &answer);
        fake_polkit_answer(&polkit, 0, POLKIT_NO);
        fake_polkit_answer(&polkit, 0, POLKIT_YES);
        fake_polkit_answer(&polkit, 0, POLKIT_YES);
        fails_with(&answer, ACCESS_DENIED, "it takes the right");
        fixture_settle();
        cr_assert_null(fixture.pipeline.asked);
        fake_polkit_stop(&polkit);
}

Test(bus_authorize, does_not_wait_for_ever_where_no_person_is_asked)
{
        sd_bus_message *answer = NULL, *patient = NULL;
        sd_bus *person = fixture_connect(NOBODY);

        begin(POLKIT_LATER);
        fixture.bus->polkit_usec = 50 * USEC_PER_MSEC;
        send_start(person, true, &patient);
        send_start(fixture.watcher, false, &answer);
        fails_with(
                &answer, ACCESS_DENIED,
                "only root may start the app shop: polkit, which gives rights to others, did not answer in "
                "time");
        fixture_settle();
        cr_assert_eq(polkit.n_cancelled, 1);
        /* What comes too late is not heard any more. */
        fake_polkit_answer(&polkit, 1, POLKIT_YES);
        fixture_settle();
        cr_assert_null(fixture.pipeline.asked);
        /* A person may think. */
        cr_assert_null(patient);
        fake_polkit_answer(&polkit, 0, POLKIT_YES);
        cr_assert_not(sd_bus_message_is_method_error(await(&patient), NULL));
        sd_bus_message_unref(patient);
        sd_bus_close_unref(person);
        fake_polkit_stop(&polkit);
}

Test(bus_authorize, gives_polkit_less_time_than_callers_have)
{
        /* sd-bus gives its callers 25 s; polkit gives a rule 15 s. */
        cr_assert_eq(fixture.bus->polkit_usec, 20 * USEC_PER_SEC);
}

Test(bus_authorize, does_not_take_another_type_for_an_answer)
{
        sd_bus_message *answer = NULL;

        begin(POLKIT_LATER);
        send_start(fixture.watcher, false, &answer);
        cr_assert(sd_bus_reply_method_return(polkit.open[0], "b", 1) >= 0);
        fails_with(&answer, ACCESS_DENIED, "polkit's answer is not understood");
        send_start(fixture.watcher, false, &answer);
        cr_assert(sd_bus_reply_method_return(polkit.open[1], "(bb)", 1, 0) >= 0);
        fails_with(&answer, ACCESS_DENIED, "polkit's answer is not understood");
        send_start(fixture.watcher, false, &answer);
        cr_assert(sd_bus_reply_method_return(polkit.open[2], NULL) >= 0);
        fails_with(&answer, ACCESS_DENIED, "polkit's answer is not understood");
        fake_polkit_stop(&polkit);
}

Test(bus_authorize, repeats_polkits_error_without_control_characters)
{
        sd_bus_message *answer = NULL;

        begin(POLKIT_LATER);
        send_start(fixture.watcher, false, &answer);
        cr_assert(sd_bus_reply_method_errorf(polkit.open[0], "org.freedesktop.PolicyKit1.Error.Failed",
                                             "not\x1b[31mregistered") >= 0);
        await(&answer);
        cr_assert_null(strchr(sd_bus_message_get_error(answer)->message, '\x1b'));
        fails_with(&answer, ACCESS_DENIED,
                   "only root may start the app shop: polkit, which gives rights to "
                   "others, fails: not");
        fake_polkit_stop(&polkit);
}

Test(bus_authorize, says_that_polkit_has_died)
{
        sd_bus_message *answer = NULL;

        begin(POLKIT_LATER);
        send_start(fixture.watcher, true, &answer);
        fake_polkit_stop(&polkit);
        fails_with(&answer, ACCESS_DENIED, "ended while it was asked");
        fixture_fails(ACCESS_DENIED, "is not installed", fixture.watcher, APP_START, NULL);
        /* The next one is believed, too. */
        fake_polkit_start(&polkit, POLKIT_YES);
        fixture_succeeds(fixture.watcher, APP_START, NULL);
        fake_polkit_stop(&polkit);
}

Test(bus_authorize, says_that_polkit_is_masked)
{
        sd_bus_message *answer = NULL;

        begin(POLKIT_LATER);
        send_start(fixture.watcher, false, &answer);
        cr_assert(sd_bus_reply_method_errorf(polkit.open[0], "org.freedesktop.systemd1.UnitMasked",
                                             "Unit polkit.service is masked.") >= 0);
        fails_with(&answer, ACCESS_DENIED, "polkit, which gives rights to others, is masked");
        send_start(fixture.watcher, false, &answer);
        cr_assert(sd_bus_reply_method_errorf(polkit.open[1], "org.freedesktop.systemd1.NoSuchUnit", "x") >=
                  0);
        fails_with(&answer, ACCESS_DENIED, "cannot be started: see 'systemctl status polkit'");
        fake_polkit_stop(&polkit);
}

/* Replies are told apart by their number, which can be guessed. */
Test(bus_authorize, believes_nobody_but_polkit)
{
        enum { GUESSES = 400 };
        sd_bus_message *answer = NULL;
        const char *server;

        begin(POLKIT_LATER);
        cr_assert(sd_bus_get_unique_name(fixture.server, &server) >= 0);
        send_start(fixture.watcher, true, &answer);
        for (uint64_t cookie = 1; cookie <= GUESSES && !answer; cookie++) {
                sd_bus_message *call = fixture_new_call(fixture.watcher, "/", "x.y", "Z"), *forged;

                cr_assert(sd_bus_message_set_sender(call, server) >= 0);
                cr_assert(sd_bus_message_seal(call, cookie, 0) >= 0);
                cr_assert(sd_bus_message_new_method_return(call, &forged) >= 0);
                cr_assert(sd_bus_message_append(forged, "(bba{ss})", 1, 0, 0) >= 0);
                cr_assert(sd_bus_send(fixture.watcher, forged, NULL) >= 0);
                sd_bus_message_unref(forged);
                sd_bus_message_unref(call);
        }
        fails_with(&answer, ACCESS_DENIED, "who has answered is not polkit");
        fake_polkit_stop(&polkit);
}

/* Nor that somebody else is polkit now. */
Test(bus_authorize, believes_nobody_but_the_bus_who_polkit_is)
{
        const char *server, *mine;
        sd_bus_message *signal;

        begin(POLKIT_YES);
        fixture_succeeds(fixture.watcher, APP_START, NULL);
        cr_assert(sd_bus_get_unique_name(fixture.server, &server) >= 0);
        cr_assert(sd_bus_get_unique_name(fixture.watcher, &mine) >= 0);
        cr_assert(sd_bus_message_new_signal(fixture.watcher, &signal, "/org/freedesktop/DBus",
                                            "org.freedesktop.DBus", "NameOwnerChanged") >= 0);
        cr_assert(sd_bus_message_append(signal, "sss", POLKIT, "", mine) >= 0);
        cr_assert(sd_bus_send_to(fixture.watcher, signal, server, NULL) >= 0);
        sd_bus_message_unref(signal);
        fixture_settle();
        cr_assert_str_neq(fixture.bus->polkit, mine);
        fixture_succeeds(fixture.watcher, APP_START, NULL);
        fake_polkit_stop(&polkit);
}

Test(bus_authorize, takes_the_question_back_when_the_caller_goes)
{
        sd_bus *client = fixture_connect(NOBODY);
        sd_bus_message *answer = NULL;
        const char *unique;
        BusUser *user;

        begin(POLKIT_LATER);
        send_start(client, true, &answer);
        cr_assert(sd_bus_call_method_async(client, NULL, BUS_NAME, APP_START, NULL, NULL, NULL) >= 0);
        cr_assert(sd_bus_flush(client) >= 0);
        cr_assert(sd_bus_get_unique_name(client, &unique) >= 0);
        user = fixture.bus->users;
        sd_bus_close_unref(client);
        while (polkit.n_cancelled == 0)
                cr_assert(sd_event_run(fixture.event, UINT64_MAX) >= 0);
        fake_polkit_answer(&polkit, 0, POLKIT_YES);
        fixture_settle();
        fixture_settle();
        cr_assert_null(fixture.pipeline.asked);
        cr_assert_eq(polkit.n_asked, 1);
        cr_assert_eq(polkit.n_cancelled, 1);
        cr_assert_null(fixture.bus->calls);
        for (; user; user = user->users_next)
                cr_assert_eq(user->n_asked, 0);
        fake_polkit_stop(&polkit);
}

Test(bus_authorize, bears_that_the_bus_side_is_freed_with_questions_open)
{
        sd_bus_message *answer = NULL;

        begin(POLKIT_LATER);
        send_start(fixture.watcher, true, &answer);
        cr_assert(sd_bus_call_method_async(fixture.watcher, NULL, BUS_NAME, APP_START, NULL, NULL, NULL) >=
                  0);
        fixture_succeeds(fixture.client, BUS_PATH, "org.freedesktop.DBus.Peer", "Ping", NULL);
        fixture.bus = bus_free(fixture.bus);
        cr_assert_null(fixture.pipeline.asked);
        fake_polkit_stop(&polkit);
}

Test(bus_authorize, keeps_the_order_of_one_clients_calls)
{
        enum { CALLS = 20 };
        char wanted[4096] = "", *story = NULL;

        begin(POLKIT_LATER);
        for (unsigned i = 0; i < CALLS; i++) {
                char branch[16];

                (void) snprintf(branch, sizeof(branch), "b%u", i);
                cr_assert(sd_bus_call_method_async(fixture.watcher, NULL, BUS_NAME, APP_DEPLOY, note_answer,
                                                   &story, "sa{sv}", branch, 0) >= 0);
                (void) snprintf(wanted + strlen(wanted), sizeof(wanted) - strlen(wanted),
                                "deployment_create shop [%s] [none] uid=65534\n", branch);
        }
        for (unsigned i = 0; i < CALLS; i++) {
                fake_polkit_await(&polkit, i + 1);
                fake_polkit_answer(&polkit, i, POLKIT_YES);
        }
        run_until(&story, CALLS);
        cr_assert_str_eq(fixture.pipeline.asked, wanted);
        free(story);
        fake_polkit_stop(&polkit);
}

Test(bus_authorize, has_so_many_questions_of_a_user_open)
{
        enum { MOST = 2, CLIENTS = 4 };
        sd_bus *clients[CLIENTS];
        char *story = NULL;

        begin(POLKIT_LATER);
        fixture.config.questions_max_per_user = MOST;
        for (unsigned i = 0; i < CLIENTS; i++) {
                clients[i] = fixture_connect(NOBODY);
                cr_assert(sd_bus_call_method_async(clients[i], NULL, BUS_NAME, APP_START, note_answer,
                                                   &story, NULL) >= 0);
        }
        run_until(&story, CLIENTS - MOST);
        cr_assert_str_eq(story, "limit limit ");
        fake_polkit_await(&polkit, MOST);
        /* Another user's are asked. */
        {
                sd_bus *other = fixture_connect(1);

                cr_assert(sd_bus_call_method_async(other, NULL, BUS_NAME, APP_START, NULL, NULL, NULL) >= 0);
                fake_polkit_await(&polkit, MOST + 1);
                sd_bus_close_unref(other);
        }
        for (unsigned i = 0; i < MOST; i++)
                fake_polkit_answer(&polkit, i, POLKIT_YES);
        run_until(&story, CLIENTS);
        cr_assert_str_eq(story, "limit limit ok ok ");
        for (unsigned i = 0; i < CLIENTS; i++)
                sd_bus_close_unref(clients[i]);
        free(story);
        fake_polkit_stop(&polkit);
}

Test(bus_authorize, looks_at_the_object_again_after_the_answer)
{
        sd_bus_message *answer = NULL;

        begin(POLKIT_LATER);
        send_start(fixture.watcher, true, &answer);
        model_remove_app(fixture.model, model_app(fixture.model, "shop"));
        fake_polkit_answer(&polkit, 0, POLKIT_YES);
        fails_with(&answer, "org.freedesktop.DBus.Error.UnknownObject", "");
        fake_polkit_stop(&polkit);
}

Test(bus_authorize, passes_the_gates_again_after_the_answer)
{
        sd_bus_message *answer = NULL;

        begin(POLKIT_LATER);
        send_start(fixture.watcher, true, &answer);
        fixture.pipeline.foreign = true;
        fake_polkit_answer(&polkit, 0, POLKIT_YES);
        fails_with(&answer, BUS_ERROR_FOREIGN_DATA, "");
        fixture.pipeline.foreign = false;
        send_start(fixture.watcher, true, &answer);
        fixture.facts.ready = false;
        fake_polkit_answer(&polkit, 1, POLKIT_YES);
        fails_with(&answer, BUS_ERROR_DATABASE_UNAVAILABLE, "");
        fake_polkit_stop(&polkit);
}

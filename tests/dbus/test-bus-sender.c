/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/bus-sender.h"

#include <string.h>

#include "tests/dbus/fixture.h"
#include "tests/dbus/story.h"

/* Who is behind a connection, and what waits until that is known. */
BUS_SUITE(bus_sender);

#define PROPERTIES "org.freedesktop.DBus.Properties"
#define GET_APP    BUS_PATH, BUS_INTERFACE_MANAGER, "GetApp"
#define LIST       BUS_PATH, BUS_INTERFACE_MANAGER, "ListDeployments"

/* Neither root nor nobody, and known to the bus: Debian's `daemon`. */
#define SOMEBODY 1

static sd_bus *known(uid_t uid)
{
        sd_bus *client = fixture_connect(uid);

        sd_bus_message_unref(fixture_call(client, GET_APP, "s", "none"));
        return client;
}

static void send_list(sd_bus *client, char **story)
{
        cr_assert(sd_bus_call_method_async(client, NULL, BUS_NAME, LIST, note_answer, story, "stu", "",
                                           (uint64_t) 0, 0) >= 0);
}

Test(bus_sender, forgets_a_connection_that_is_gone)
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
Test(bus_sender, forgets_what_waits_of_a_connection_that_is_gone)
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
Test(bus_sender, believes_nobody_but_the_bus_that_a_connection_is_gone)
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

Test(bus_sender, holds_no_more_than_may_wait)
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
Test(bus_sender, has_room_for_small_calls_when_big_ones_wait)
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
        cr_assert(sd_bus_call_method_async(small, NULL, BUS_NAME, GET_APP, note_answer, &roots, "s", "no") >=
                  0);
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

Test(bus_sender, answers_the_first_call_of_a_connection_as_any_other)
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/log.h"
#include "tests/dbus/fixture.h"

BUS_SUITE(bus_gate);

#define PROPERTIES "org.freedesktop.DBus.Properties"

static char sentence[] = "Waiting for the database at /run/deployd/postgres";

static void close_gate(void)
{
        fixture.facts.ready = false;
        fixture.facts.database_state = "connecting";
        fixture.facts.sentence = sentence;
        model_clear(fixture.model);
        bus_facts_changed(fixture.bus);
}

#define unavailable(...) fixture_fails(BUS_ERROR_DATABASE_UNAVAILABLE, sentence, fixture.client, __VA_ARGS__)

Test(bus_gate, says_what_is_waited_for)
{
        close_gate();
        unavailable(BUS_PATH, BUS_INTERFACE_MANAGER, "ListApps", NULL);
        unavailable(BUS_PATH, BUS_INTERFACE_MANAGER, "GetApp", "s", "shop");
        unavailable(BUS_PATH, BUS_INTERFACE_MANAGER, "Deploy", "ssa{sv}", "shop", "", 0);
        unavailable(BUS_PATH, BUS_INTERFACE_MANAGER, "Reload", NULL);
        unavailable(BUS_PATH_APP "/shop", BUS_INTERFACE_APP, "Start", NULL);
        unavailable(BUS_PATH, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", NULL);
        unavailable(BUS_PATH, PROPERTIES, "GetAll", "s", BUS_INTERFACE_MANAGER);
        unavailable(BUS_PATH, PROPERTIES, "Get", "ss", BUS_INTERFACE_MANAGER, "SchemaVersion");
        unavailable(BUS_PATH, PROPERTIES, "Get", "ss", BUS_INTERFACE_APP, "Version");
        unavailable(BUS_PATH, PROPERTIES, "Get", "s", "x");
        unavailable(BUS_PATH_APP "/shop", PROPERTIES, "Get", "ss", BUS_INTERFACE_APP, "Status");
        cr_assert_null(fixture.pipeline.asked);
}

Test(bus_gate, lets_pass_what_helps_to_see_why)
{
        close_gate();
        fixture_property_is("connecting", BUS_PATH, BUS_INTERFACE_MANAGER, "DatabaseState");
        fixture_property_is(DEPLOYD_VERSION, BUS_PATH, BUS_INTERFACE_MANAGER, "Version");
        fixture_succeeds(fixture.watcher, BUS_PATH, "org.freedesktop.DBus.Peer", "Ping", NULL);
        fixture_succeeds(fixture.watcher, BUS_PATH, "org.freedesktop.DBus.Introspectable", "Introspect",
                         NULL);
        fixture_succeeds(fixture.watcher, "/org/freedesktop/LogControl1", PROPERTIES, "GetAll", "s",
                         "org.freedesktop.LogControl1");
        fixture_succeeds(fixture.client, "/org/freedesktop/LogControl1", PROPERTIES, "Set", "ssv",
                         "org.freedesktop.LogControl1", "LogLevel", "s", "debug");
        cr_assert_eq(log_get_level(), LOG_DEBUG);
}

Test(bus_gate, objects_go_and_come_with_it)
{
        App *app = fixture_app("shop", fixture_repository("code"));

        (void) fixture_deployment(app, 42);
        fixture_settle();
        free(fixture.signals);
        fixture.signals = NULL;

        close_gate();
        fixture_expect_signals("removed /deployment/_342\n"
                               "removed /app/shop\n"
                               "removed /repository/code\n"
                               "changed  DatabaseState=connecting DeploymentsQueued=0\n");

        /* What is read from the database while the gate is closed is told to nobody. */
        app = fixture_app("shop", fixture_repository("code"));
        (void) fixture_deployment(app, 42);
        fixture_expect_signals("changed  DeploymentsQueued=1\n");

        fixture.facts.ready = true;
        fixture.facts.database_state = "connected";
        bus_facts_changed(fixture.bus);
        fixture_expect_signals("added /repository/code\n"
                               "added /app/shop\n"
                               "added /deployment/_342\n"
                               "changed  DatabaseState=connected\n");
        fixture_succeeds(fixture.client, BUS_PATH_APP "/shop", BUS_INTERFACE_APP, "Start", NULL);
}

Test(bus_gate, holds_for_a_call_whose_caller_is_being_asked_for)
{
        sd_bus_message *answer = NULL;

        (void) fixture_app("shop", fixture_repository("code"));
        fixture_send_until_asked(fixture.client, BUS_PATH_APP "/shop", BUS_INTERFACE_APP, "Start", &answer);
        close_gate();
        fixture_settle();
        fixture_check_error(answer, BUS_ERROR_DATABASE_UNAVAILABLE, sentence, __LINE__);
        cr_assert_null(fixture.pipeline.asked);
        sd_bus_message_unref(answer);
}

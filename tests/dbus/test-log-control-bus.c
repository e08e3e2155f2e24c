/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/log.h"
#include "tests/dbus/fixture.h"

/* What `systemctl service-log-level deployd` does. */
BUS_SUITE(log_control_bus);

#define LOG_CONTROL_PATH      "/org/freedesktop/LogControl1"
#define LOG_CONTROL_INTERFACE "org.freedesktop.LogControl1"
#define SET                   LOG_CONTROL_PATH, "org.freedesktop.DBus.Properties", "Set", "ssv"

Test(log_control_bus, everybody_may_read)
{
        fixture_property_is("info", LOG_CONTROL_PATH, LOG_CONTROL_INTERFACE, "LogLevel");
        fixture_property_is("journal", LOG_CONTROL_PATH, LOG_CONTROL_INTERFACE, "LogTarget");
        fixture_property_is(program_invocation_short_name, LOG_CONTROL_PATH, LOG_CONTROL_INTERFACE,
                            "SyslogIdentifier");
}

Test(log_control_bus, root_sets_each_level)
{
        static const char *const words[] = { "emerg",   "alert",  "crit", "err",
                                             "warning", "notice", "info", "debug" };

        for (int level = LOG_EMERG; level <= LOG_DEBUG; level++) {
                fixture_succeeds(fixture.client, SET, LOG_CONTROL_INTERFACE, "LogLevel", "s", words[level]);
                cr_assert_eq(log_get_level(), level);
                fixture_property_is(words[level], LOG_CONTROL_PATH, LOG_CONTROL_INTERFACE, "LogLevel");
        }
}

Test(log_control_bus, nobody_else_may)
{
        fixture_fails("org.freedesktop.DBus.Error.AccessDenied", "Only root", fixture.watcher, SET,
                      LOG_CONTROL_INTERFACE, "LogLevel", "s", "debug");
        cr_assert_eq(log_get_level(), LOG_INFO);
}

Test(log_control_bus, refuses_what_is_no_level)
{
        fixture_fails("org.freedesktop.DBus.Error.InvalidArgs", "notice", fixture.client, SET,
                      LOG_CONTROL_INTERFACE, "LogLevel", "s", "loud");
        fixture_fails("org.freedesktop.DBus.Error.InvalidArgs", "type s", fixture.client, SET,
                      LOG_CONTROL_INTERFACE, "LogLevel", "u", 7);
        fixture_fails("org.freedesktop.DBus.Error.PropertyReadOnly", "", fixture.client, SET,
                      LOG_CONTROL_INTERFACE, "LogTarget", "s", "console");
        cr_assert_eq(log_get_level(), LOG_INFO);
}

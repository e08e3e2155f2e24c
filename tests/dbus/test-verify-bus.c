/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "tests/dbus/fixture.h"

/* Manager.Verify: the report of others, as the bus has it. */
BUS_SUITE(verify_bus);

#define CALL(member, ...) fixture.client, BUS_PATH, BUS_INTERFACE_MANAGER, member, __VA_ARGS__

/* The nine of a report, whose first says `first` and has passed as `first_passed` says. */
static void verified_is(bool passed, bool first_passed, const char *first)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = fixture_call(CALL("Verify", NULL));
        const char *id, *title, *detail;
        int is_passed;
        unsigned n = 0;

        cr_assert(sd_bus_message_has_signature(reply, "ba(ssbs)"));
        cr_assert(sd_bus_message_read(reply, "b", &is_passed) > 0);
        cr_assert_eq(is_passed, passed);
        cr_assert(sd_bus_message_enter_container(reply, 'a', "(ssbs)") > 0);
        for (; sd_bus_message_read(reply, "(ssbs)", &id, &title, &is_passed, &detail) > 0; n++) {
                cr_assert_str_eq(title, check_title((CheckId) (n + 1)));
                cr_assert_str_eq(id, check_id_to_string((CheckId) (n + 1)));
                cr_assert_eq(is_passed, n > 0 || first_passed);
                if (n == 0)
                        cr_assert_str_eq(detail, first);
        }
        cr_assert_eq(n, 9);
}

Test(verify_bus, says_what_was_found)
{
        for (CheckId id = CHECK_UNSET + 1; id < CHECK_MAX; id++)
                report_end(&fixture.report, id);
        verified_is(true, true, "");
        report_say(&fixture.report, CHECK_MIGRATIONS, "[X] 0001_%s", "in\nitial");
        verified_is(true, true, "[X] 0001_in itial");
        report_fail(&fixture.report, CHECK_MIGRATIONS, "a gap");
        report_end(&fixture.report, CHECK_MIGRATIONS);
        verified_is(false, false,
                    "[X] 0001_in itial\na gap\nWhat to do: go back to a backup of the database");
        report_clear(&fixture.report);
        for (CheckId id = CHECK_MIGRATIONS + 1; id < CHECK_MAX; id++)
                report_end(&fixture.report, id);
        verified_is(false, false, "not made, because a check before it has failed");
        report_clear(&fixture.report);
        cr_assert_eq(fixture.n_verifications, 4);
        fixture.verify_error = -EHOSTDOWN;
        fixture_fails(BUS_ERROR_DATABASE_UNAVAILABLE, "the database sleeps", CALL("Verify", NULL));
        fixture.verify_error = -ENOMEM;
        fixture_fails("org.freedesktop.DBus.Error.Failed", "the database sleeps", CALL("Verify", NULL));
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "base/text.h"
#include "daemon/model/removed-app.h"
#include "tests/dbus/fixture.h"

/* What an app has stored, kept after it was removed: DataPath, ListRemovedApps, the option Data of
 * CreateApp. */
BUS_SUITE(removed_app_bus);

#define CALL(member, ...) fixture.client, BUS_PATH, BUS_INTERFACE_MANAGER, member, __VA_ARGS__
#define INVALID_ARGS      "org.freedesktop.DBus.Error.InvalidArgs"
#define DATA              "/var/lib/private/deployd-apps/"

#define asked_is(wanted) cr_assert_str_eq(text_or_empty(fixture.pipeline.asked), wanted)

Test(removed_app_bus, an_app_says_where_its_data_is_and_how_many_releases_are_kept)
{
        App *app = fixture_app("shop", fixture_repository("code"));

        app->id = 7;
        fixture_property_is(DATA "7", BUS_PATH_APP "/shop", BUS_INTERFACE_APP, "DataPath");
        fixture_deployment(app, 42)->release_id = 42;
        fixture_deployment(app, 43)->release_id = 42;
        (void) fixture_deployment(app, 44);
        fixture_property_is("1", BUS_PATH_APP "/shop", BUS_INTERFACE_APP, "Releases");
}

static void list_is(const char *wanted)
{
        sd_bus_message *answer = fixture_call(CALL("ListRemovedApps", NULL));
        char *value;

        cr_assert_not(sd_bus_message_is_method_error(answer, NULL));
        value = fixture_value(answer);
        cr_assert_str_eq(value, wanted, "%s, not %s", value, wanted);
        free(value);
        sd_bus_message_unref(answer);
}

Test(removed_app_bus, those_whose_data_is_kept_are_listed_newest_first)
{
        const RemovedApp rows[] = {
                { .id = 3,
                  .name = (char[]){ "shop" },
                  .removed_at = 5,
                  .keep_until = 6,
                  .removed_by = 1000 },
                { .id = 4, .name = (char[]){ "gone" }, .deleting = true },
                { .id = 5, .name = (char[]){ "blog" }, .removed_at = 7, .keep_until = 8, .removed_by = -1 },
        };

        list_is("[]");
        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                cr_assert_eq(removed_app_new(fixture.model, &rows[i]), 0);
        list_is("[[[Id,5],[Name,blog],[RemovedAt,7],[KeptUntil,8],[DataPath," DATA "5]],"
                "[[Id,3],[Name,shop],[RemovedAt,5],[KeptUntil,6],[DataPath," DATA "3],[RemovedBy,1000]]]");
}

Test(removed_app_bus, a_new_app_may_take_data_over)
{
        (void) fixture_repository("code");
        fixture_succeeds(
                CALL("CreateApp", "ssa{sv}", "shop", "code", 2, "Data", "s", "old", "Branch", "s", "next"));
        fixture_fails(INVALID_ARGS, "Data",
                      CALL("CreateApp", "ssa{sv}", "blog", "code", 1, "Data", "t", (uint64_t) 3));
        fixture_succeeds(CALL("CreateApp", "ssa{sv}", "blog", "code", 1, "Data", "s", ""));
        fixture_fails(INVALID_ARGS, "Data", fixture.client, BUS_PATH_APP "/shop", BUS_INTERFACE_APP,
                      "SetProperties", "a{sv}", 1, "Data", "s", "old");
        asked_is("app_create shop private [next] [] 0 0 0 0 [] [] port [] 0 0 no [] {} uid=0\n"
                 "app_create takes old\n"
                 "app_create blog private [] [] 0 0 0 0 [] [] port [] 0 0 no [] {} uid=0\n");
}

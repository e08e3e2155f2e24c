/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "dbus/bus-private.h"
#include "tests/dbus/fixture.h"

/* The connection, its name, and many objects. */
BUS_SUITE(bus);

static void note_loss(void *userdata, int error)
{
        *(int *) userdata = error;
}

Test(bus, is_told_that_its_name_is_somebody_elses)
{
        sd_bus *connection = fixture_connect(0);
        BusParams params = fixture.bus->params;
        int error = 0;
        Bus *bus;

        fixture_settle();
        params.bus = connection;
        cr_assert(bus_new(&params, &bus) >= 0);
        cr_assert(bus_request_name(bus, note_loss, &error) >= 0);
        while (error == 0)
                cr_assert(sd_event_run(fixture.event, UINT64_MAX) >= 0);
        cr_assert_eq(error, -EEXIST);
        bus_free(bus);
        sd_bus_close_unref(connection);
}

Test(bus, needs_an_event_loop)
{
        BusParams params = fixture.bus->params;
        Bus *bus;

        cr_assert(sd_bus_new(&params.bus) >= 0);
        cr_assert_eq(bus_new(&params, &bus), -EINVAL);
        sd_bus_unref(params.bus);
}

Test(bus, manages_thousands_of_objects)
{
        enum { N = 2000 };
        App *app = fixture_app("shop", fixture_repository("code"));
        unsigned n_objects = 0;
        sd_bus_message *answer;

        for (uint64_t id = 1; id <= N; id++)
                (void) fixture_deployment(app, id);
        answer = fixture_call(fixture.client, BUS_PATH, "org.freedesktop.DBus.ObjectManager",
                              "GetManagedObjects", NULL);
        cr_assert(sd_bus_message_enter_container(answer, 'a', "{oa{sa{sv}}}") > 0);
        while (sd_bus_message_at_end(answer, false) == 0) {
                cr_assert(sd_bus_message_skip(answer, "{oa{sa{sv}}}") > 0);
                n_objects++;
        }
        cr_assert_eq(n_objects, N + 2);
        sd_bus_message_unref(answer);
}

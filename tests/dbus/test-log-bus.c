/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "tests/dbus/fixture.h"

/* The logs of deployments, as descriptors. */
BUS_SUITE(log_bus);

#define DEPLOYMENT  fixture.client, BUS_PATH_DEPLOYMENT "/_342", BUS_INTERFACE_DEPLOYMENT, "OpenLog", NULL
#define MANAGER(id) fixture.client, BUS_PATH, BUS_INTERFACE_MANAGER, "OpenLog", "t", UINT64_C(id)

static void log_is(sd_bus_message *answer, const char *wanted)
{
        char text[64] = "";
        int fd;

        cr_assert_geq(sd_bus_message_read(answer, "h", &fd), 0);
        cr_assert_gt(read(fd, text, sizeof(text) - 1), 0);
        cr_assert_str_eq(text, wanted);
        sd_bus_message_unref(answer);
}

Test(log_bus, a_deployment_has_its_own)
{
        (void) fixture_deployment(fixture_app("shop", fixture_repository("code")), 42);
        log_is(fixture_call(DEPLOYMENT), "the log of 42\n");
        fixture.pipeline.error_now = SD_BUS_ERROR_FILE_NOT_FOUND;
        fixture_fails(SD_BUS_ERROR_FILE_NOT_FOUND, "", DEPLOYMENT);
        cr_assert_str_eq(fixture.pipeline.asked,
                         "deployment_open_log 42 uid=0\ndeployment_open_log 42 uid=0\n");
}

Test(log_bus, the_manager_has_that_of_any_deployment)
{
        log_is(fixture_call(MANAGER(7)), "the log of 7\n");
        fixture.pipeline.error_now = BUS_ERROR_NO_SUCH_DEPLOYMENT;
        fixture_fails(BUS_ERROR_NO_SUCH_DEPLOYMENT, "", MANAGER(8));
        cr_assert_str_eq(fixture.pipeline.asked, "log_open 7 uid=0\nlog_open 8 uid=0\n");
}

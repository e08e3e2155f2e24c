/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a deployment was made. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"
#include "cli/bus.h"
#include "cli/verb.h"

/* Lines of deployd's making: clean as they are. */
static int build_log_print(int fd)
{
        char buffer[BUFSIZ];
        ssize_t n;

        while ((n = read(fd, buffer, sizeof(buffer))) > 0)
                if (fwrite(buffer, 1, (size_t) n, stdout) != (size_t) n)
                        break;
        if (n >= 0 && fflush(stdout) == 0)
                return EXIT_DONE;
        say("the log could not be copied: %s", strerror(errno));
        return EXIT_REFUSED;
}

/* The newest deployment of an app. */
static int find_newest(sd_bus *bus, const char *app, uint64_t *ret)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r = bus_call(bus, CALL_TIMEOUT, BUS_PATH, BUS_INTERFACE_MANAGER, "ListDeployments", &reply,
                         "stu", app, UINT64_C(0), UINT32_C(1));

        if (r != EXIT_DONE)
                return r;
        r = sd_bus_message_enter_container(reply, 'a', "(tsssqtts)");
        if (r >= 0)
                r = sd_bus_message_at_end(reply, false);
        if (r > 0) {
                say("%s was never deployed yet: deployctl deploy %s", app, app);
                return EXIT_REFUSED;
        }
        if (r >= 0)
                r = sd_bus_message_enter_container(reply, 'r', "tsssqtts");
        if (r >= 0)
                r = sd_bus_message_read(reply, "t", ret);
        return r < 0 ? bus_report(NULL, r) : EXIT_DONE;
}

int verb_build_log(const Invocation *invocation)
{
        const char *which = invocation_argument(invocation, 0);
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        struct stat info;
        uint64_t id;
        int r, fd;

        if (text_is_empty(which))
                return usage_error("'build-log' needs an app or the id of a deployment");
        r = bus_open(&bus);
        if (r == EXIT_DONE && text_to_u64(which, INT64_MAX, &id) < 0)
                r = find_newest(bus, which, &id);
        if (r == EXIT_DONE)
                r = bus_call(bus, CALL_TIMEOUT, BUS_PATH, BUS_INTERFACE_MANAGER, "OpenLog", &reply, "t", id);
        if (r != EXIT_DONE)
                return r;
        r = sd_bus_message_read(reply, "h", &fd);
        if (r < 0)
                return bus_report(NULL, r);
        if (fstat(fd, &info) >= 0 && info.st_size == 0) {
                say("the log of deployment %" PRIu64
                    " is not kept, and the journal has no lines of it: see keep-logs in "
                    "deploy.conf(5)",
                    id);
                return EXIT_REFUSED;
        }
        return build_log_print(fd);
}

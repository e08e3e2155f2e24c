/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The archived log of a deployment. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"
#include "cli/deployment.h"
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

int verb_build_log(const Invocation *invocation)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_free_ char *path = NULL;
        uint64_t id;
        int r, fd;

        if (text_to_u64(invocation_argument(invocation, 0), INT64_MAX, &id) < 0)
                return usage_error("'build-log' needs the id of a deployment, a number");
        r = bus_open(&bus);
        if (r == EXIT_DONE)
                r = deployment_find(bus, id, &path);
        if (r == EXIT_DONE)
                r = bus_call(bus, CALL_TIMEOUT, path, BUS_INTERFACE_DEPLOYMENT, "OpenLog", &reply, "");
        if (r != EXIT_DONE)
                return r;
        r = sd_bus_message_read(reply, "h", &fd);
        return r < 0 ? bus_report(NULL, r) : build_log_print(fd);
}

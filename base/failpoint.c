/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/failpoint.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

#if DEPLOYD_FAILPOINTS
#define WANTED_SIZE 160

/* What is wanted, "" if nothing is. */
static void read_wanted(const char *value, char ret[static WANTED_SIZE])
{
        _cleanup_close_ int fd = value[0] == '@' ? open(value + 1, O_RDONLY | O_CLOEXEC) : -1;
        ssize_t n = fd < 0 ? 0 : read(fd, ret, WANTED_SIZE - 1);

        if (value[0] != '@')
                (void) snprintf(ret, WANTED_SIZE, "%s", value);
        else
                ret[n < 0 ? 0 : n] = '\0';
        ret[strcspn(ret, "\n")] = '\0';
}

void failpoint(const char *format, ...)
{
        const char *value = getenv("DEPLOYD_FAILPOINT");
        char wanted[WANTED_SIZE], name[WANTED_SIZE], *action;
        va_list arguments;

        if (!value)
                return;
        read_wanted(value, wanted);
        action = strrchr(wanted, ':');
        if (!action)
                return;
        *action++ = '\0';
        va_start(arguments, format);
        (void) vsnprintf(name, sizeof(name), format, arguments);
        va_end(arguments);

        if (strcmp(action, "trace") == 0)
                (void) fprintf(stderr, "failpoint %s\n", name);
        if (strcmp(wanted, name) != 0)
                return;
        if (value[0] == '@')
                (void) unlink(value + 1);
        if (strcmp(action, "kill") == 0)
                (void) raise(SIGKILL);
        if (strcmp(action, "pause") == 0)
                (void) raise(SIGSTOP);
}
#endif

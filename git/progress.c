/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "git/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>

#include "base/cleanup.h"
#include "base/clock.h"

/* Faster than people read would only load PID 1 and the bus. */
#define INTERVAL (500 * USEC_PER_MSEC)

void progress_say(Progress *progress, const char *format, ...)
{
        _cleanup_free_ char *text = NULL;
        uint64_t time = clock_usec(CLOCK_MONOTONIC);
        va_list arguments;
        int n;

        assert(progress);

        if (progress->last != 0 && time < progress->last + INTERVAL)
                return;
        progress->last = time;

        va_start(arguments, format);
        n = vasprintf(&text, format, arguments);
        va_end(arguments);
        if (n < 0)
                text = NULL;
        else
                (void) sd_notifyf(/* unset_environment= */ 0, "STATUS=%s", text);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ports/keep.h"

#include <errno.h>
#include <unistd.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "ports/configuration.h"
#include "ports/handover.h"
#include "ports/local-socket.h"
#include "ports/store.h"

#define PATIENCE_USEC  (20 * USEC_PER_SEC)
#define PAUSE_MIN_USEC (10 * USEC_PER_MSEC)
#define PAUSE_MAX_USEC (500 * USEC_PER_MSEC)

static int keep_ask(const char *path, Kept *ret)
{
        _cleanup_close_ int connection = -1;
        int r;

        kept_clear(ret);
        r = local_socket_connect(path, &connection);
        return r < 0 ? r : handover_ask(connection, ret);
}

int keep(const char *socket, const char *configuration)
{
        Backoff pause = { .first_usec = PAUSE_MIN_USEC, .max_usec = PAUSE_MAX_USEC };
        uint64_t end = clock_usec(CLOCK_MONOTONIC) + PATIENCE_USEC;
        _cleanup_kept_ Kept wanted = {}, kept = {};
        int r = configuration_addresses(configuration, &wanted);

        if (r < 0)
                return r;
        for (;;) {
                r = keep_ask(socket, &kept);
                if (r >= 0 && kept_is_same(&kept, &wanted))
                        return store_replace(&kept);
                if (clock_usec(CLOCK_MONOTONIC) >= end)
                        break;
                (void) usleep((useconds_t) backoff_next(&pause));
        }
        if (r < 0)
                return r;
        log_warning("haproxy listens at %zu addresses of apps, and its configuration has %zu", kept.n,
                    wanted.n);
        return store_replace(&kept);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <time.h>

#include "base/macro.h"

/* The time of a clock of clock_gettime(2) that every kernel has (CLOCK_MONOTONIC, CLOCK_REALTIME), in
 * microseconds. */
static inline uint64_t clock_usec(clockid_t clock)
{
        struct timespec now;

        (void) clock_gettime(clock, &now);
        return (uint64_t) now.tv_sec * USEC_PER_SEC + (uint64_t) now.tv_nsec / 1000;
}

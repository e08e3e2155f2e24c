/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The pause before something is asked again: it doubles from `first_usec` to `max_usec`. The caller
 * decides how many times. */

#include "base/macro.h"

/* For what is asked of PID 1 or another program of this machine, and is not answered by being patient. */
#define BACKOFF_FIRST_USEC (1 * USEC_PER_SEC)
#define BACKOFF_MAX_USEC   (60 * USEC_PER_SEC)

typedef struct Backoff {
        uint64_t first_usec, max_usec; /* both more than 0 */
        unsigned n;                    /* pauses so far */
} Backoff;

#define BACKOFF_INIT                                                            \
        {                                                                       \
                .first_usec = BACKOFF_FIRST_USEC, .max_usec = BACKOFF_MAX_USEC, \
        }

/* The pause that comes now, in microseconds; the one after it is twice as long. */
uint64_t backoff_next(Backoff *backoff);

/* The pause that comes after `n` others, without counting it. */
uint64_t backoff_pause(const Backoff *backoff, unsigned n);

/* The next pause is the first again. */
static inline void backoff_reset(Backoff *backoff)
{
        backoff->n = 0;
}

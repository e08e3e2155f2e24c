/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/backoff.h"

#include <limits.h>

uint64_t backoff_pause(const Backoff *backoff, unsigned n)
{
        uint64_t pause;

        assert(backoff);
        assert(backoff->first_usec > 0 && backoff->max_usec > 0);

        pause = MIN2(backoff->first_usec, backoff->max_usec);
        for (; n > 0 && pause < backoff->max_usec; n--)
                pause = pause > backoff->max_usec / 2 ? backoff->max_usec : 2 * pause;
        return pause;
}

uint64_t backoff_next(Backoff *backoff)
{
        uint64_t pause = backoff_pause(backoff, backoff->n);

        if (backoff->n < UINT_MAX)
                backoff->n++;
        return pause;
}

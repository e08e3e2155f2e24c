/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/backoff.h"

#include <criterion/criterion.h>
#include <limits.h>

Test(backoff, pauses_double_up_to_the_longest)
{
        Backoff backoff = { .first_usec = 100, .max_usec = 500 };
        static const uint64_t expected[] = { 100, 200, 400, 500, 500, 500 };

        for (size_t i = 0; i < ELEMENTSOF(expected); i++)
                cr_assert_eq(backoff_next(&backoff), expected[i]);
        cr_assert_eq(backoff.n, ELEMENTSOF(expected));
}

Test(backoff, the_first_comes_again_after_a_reset)
{
        Backoff backoff = BACKOFF_INIT;

        cr_assert_eq(backoff_next(&backoff), BACKOFF_FIRST_USEC);
        cr_assert_eq(backoff_next(&backoff), 2 * BACKOFF_FIRST_USEC);
        backoff_reset(&backoff);
        cr_assert_eq(backoff_next(&backoff), BACKOFF_FIRST_USEC);
}

Test(backoff, a_first_pause_beyond_the_longest_is_the_longest)
{
        Backoff backoff = { .first_usec = 500, .max_usec = 100 };

        cr_assert_eq(backoff_next(&backoff), 100);
}

Test(backoff, nothing_overflows)
{
        Backoff backoff = { .first_usec = 1, .max_usec = UINT64_MAX, .n = UINT_MAX };

        cr_assert_eq(backoff_next(&backoff), UINT64_MAX);
        cr_assert_eq(backoff.n, UINT_MAX);
        cr_assert_eq(backoff_pause(&backoff, 63), (uint64_t) 1 << 63);
}

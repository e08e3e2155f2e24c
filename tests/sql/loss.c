/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loss.h"

#include <stdlib.h>

unsigned n_expected;

void lose(void)
{
        proxy.swallow = 1;
        n_expected++;
}

uint64_t number_of(const char *sql)
{
        return strtoull(look(sql), NULL, 10);
}

void expect_once(const Reply *reply, uint64_t n_events)
{
        cr_expect(eq(u32, proxy.swallowed, n_expected), "no answer was lost, nothing was tried");
        cr_expect(eq(int, reply->error, 0), "%s", reply->sentence);
        cr_expect(eq(u64, number_of("select count(*)::text from event"), n_events + 1));
        cr_expect(eq(u64, reply->at,
                     number_of("select (extract(epoch from at) * 1000000)::bigint::text from event where "
                               "operation is not null order by id desc limit 1")),
                  "another time than what is written");
}

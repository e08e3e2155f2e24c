/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/formation.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/text.h"

/* It has these texts, in this order, and no others. */
static void is(const Formation *formation, const char *const expected[])
{
        _cleanup_free_ char **texts = formation_format(formation);
        size_t n = 0;

        cr_assert(texts);
        for (; texts[n] && expected[n]; n++)
                cr_expect_str_eq(texts[n], expected[n]);
        cr_expect(!texts[n] && !expected[n], "%zu are there", formation->n);
        cr_expect_eq(n, formation->n);
}

Test(formation, nothing_said_is_nothing)
{
        _cleanup_formation_ Formation formation = {};

        is(&formation, (const char *const[]){ NULL });
        cr_expect_eq(formation_count(&formation, "web"), 0);
        cr_expect_eq(formation_total(&formation), 0);
        formation_clear(&formation);
}

Test(formation, is_in_the_order_of_the_names_whatever_the_order_they_come_in)
{
        _cleanup_formation_ Formation formation = {};

        cr_assert_eq(formation_set(&formation, "web", 2), 0);
        cr_assert_eq(formation_set(&formation, "worker", 9999), 0);
        cr_assert_eq(formation_set(&formation, "clock", 0), 0);
        cr_assert_eq(formation_set(&formation, "web-2", 1), 0);
        is(&formation, (const char *const[]){ "clock=0", "web=2", "web-2=1", "worker=9999", NULL });
        cr_expect_eq(formation_count(&formation, "web"), 2);
        cr_expect_eq(formation_count(&formation, "worker"), 9999);
        cr_expect_eq(formation_count(&formation, "clock"), 0);
        cr_expect_eq(formation_count(&formation, "we"), 0);
        cr_expect_eq(formation_count(&formation, "web-"), 0);
        cr_expect_eq(formation_total(&formation), 2 + 9999 + 0 + 1);
}

Test(formation, set_again_is_set_anew)
{
        _cleanup_formation_ Formation formation = {};

        cr_assert_eq(formation_set(&formation, "web", 2), 0);
        cr_assert_eq(formation_set(&formation, "worker", 1), 0);
        cr_assert_eq(formation_set(&formation, "web", 3), 0);
        cr_assert_eq(formation_set(&formation, "worker", 0), 0);
        is(&formation, (const char *const[]){ "web=3", "worker=0", NULL });
}

Test(formation, has_as_many_processes_as_a_procfile_and_no_more)
{
        _cleanup_formation_ Formation formation = {};

        for (unsigned i = 0; i < FORMATION_PROCESSES_MAX; i++) {
                _cleanup_free_ char *process = text_format("p%u", i);

                cr_assert_eq(formation_set(&formation, process, FORMATION_COUNT_MAX), 0);
        }
        cr_expect_eq(formation_set(&formation, "web", 1), -E2BIG);
        cr_expect_eq(formation_parse(&formation, "web=1"), -E2BIG);
        cr_expect_eq(formation.n, (size_t) FORMATION_PROCESSES_MAX);
        cr_expect_eq(formation_set(&formation, "p63", 0), 0, "it is there");
        cr_expect_eq(formation_total(&formation),
                     (uint64_t) (FORMATION_PROCESSES_MAX - 1) * FORMATION_COUNT_MAX);
}

Test(formation, what_is_formatted_is_parsed_again)
{
        static const char *const texts[] = { "a=0", "clock=1", "web=9999", "x-y-2=10", NULL };
        _cleanup_formation_ Formation formation = {};

        for (size_t i = 0; texts[i]; i++)
                cr_assert_eq(formation_parse(&formation, texts[i]), 0, "%s", texts[i]);
        is(&formation, texts);
}

Test(formation, what_is_none_is_refused)
{
        static const char *const texts[] = {
                "",        "web",    "=1",      "web=",           "web= 1",
                "web=1 ",  "web=-1", "web=+1",  "web=01",         "web=10000",
                "web=1x",  "_web=1", "a--b=1",  "web==1",         "web=1=1",
                "web=0x1", "w b=1",  "web\n=1", "web=4294967297", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=1",
        };
        _cleanup_formation_ Formation formation = {};

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                cr_expect_eq(formation_parse(&formation, texts[i]), -EINVAL, "'%s'", texts[i]);
        is(&formation, (const char *const[]){ NULL });
}

Test(formation, a_copy_replaces_what_was_there_and_is_its_own)
{
        _cleanup_formation_ Formation source = {}, target = {};

        cr_assert_eq(formation_set(&source, "web", 2), 0);
        cr_assert_eq(formation_set(&source, "worker", 1), 0);
        cr_assert_eq(formation_set(&target, "clock", 1), 0);
        cr_assert_eq(formation_copy(&target, &source), 0);
        cr_assert_eq(formation_set(&source, "web", 9), 0);
        is(&target, (const char *const[]){ "web=2", "worker=1", NULL });
        formation_clear(&source);
        is(&target, (const char *const[]){ "web=2", "worker=1", NULL });
        cr_assert_eq(formation_copy(&target, &source), 0);
        is(&target, (const char *const[]){ NULL });
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Time spans, sizes and shares: what is read, and what is refused. */

#include <criterion/criterion.h>
#include <errno.h>

#include "base/quantity.h"

typedef int (*Parse)(const char *text, uint64_t *ret);

typedef struct Case {
        const char *text;
        uint64_t value;
} Case;

static void expect_values(Parse parse, const Case *cases, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                uint64_t value = 4711;

                cr_expect_eq(parse(cases[i].text, &value), 0, "“%s”", cases[i].text);
                cr_expect_eq(value, cases[i].value, "“%s” is %ju", cases[i].text, (uintmax_t) value);
        }
}

static void expect_error(Parse parse, int error, const char *const *texts, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                uint64_t value = 4711;

                cr_expect_eq(parse(texts[i], &value), error, "“%s”", texts[i]);
                cr_expect_eq(value, 4711, "“%s”", texts[i]);
        }
}

#define SECOND USEC_PER_SEC
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

Test(quantity, time_spans_are_read_as_systemd_does)
{
        static const Case cases[] = {
                { "0", 0 },
                { "90", 90 * SECOND },
                { "90 ", 90 * SECOND },
                { "90s", 90 * SECOND },
                { "90 sec", 90 * SECOND },
                { "1second", SECOND },
                { "2 seconds", 2 * SECOND },
                { "5min", 5 * MINUTE },
                { "5m", 5 * MINUTE },
                { "1 minute", MINUTE },
                { "3minutes", 3 * MINUTE },
                { "1h", HOUR },
                { "2hr", 2 * HOUR },
                { "1d", DAY },
                { "1w", 7 * DAY },
                { "2w", 14 * DAY },
                { "100ms", 100000 },
                { "5msec", 5000 },
                { "7us", 7 },
                { "7usec", 7 },
                { "18446744073709551615us", UINT64_MAX },
        };

        expect_values(duration_parse, cases, ELEMENTSOF(cases));
}

Test(quantity, terms_of_a_time_span_are_added_up)
{
        static const Case cases[] = {
                { "1h 30min", 90 * MINUTE },     { "1h30min", 90 * MINUTE },
                { "1 h\t30 min ", 90 * MINUTE }, { "2hours 1hour", 3 * HOUR },
                { "2days 1day", 3 * DAY },       { "1week 2weeks", 21 * DAY },
                { "1s 1ms 1us", 1001001 },       { "1.5h 0.5min", 90 * MINUTE + 30 * SECOND },
        };

        expect_values(duration_parse, cases, ELEMENTSOF(cases));
}

Test(quantity, a_number_may_have_a_fraction)
{
        static const Case spans[] = {
                { "1.5", 1500000 },
                { "0.25s", 250000 },
                { "1.5h", 90 * MINUTE },
                { "1.50 h", 90 * MINUTE },
                { "0.5w", 84 * HOUR },
                { "0.001ms", 1 },
                { "1.0000009s", SECOND },
                { "0.000001s", 1 },
                { "0.3333333339d", 28799999971 },
                { "18446744073709551.615ms", UINT64_MAX },
        };
        static const Case sizes[] = {
                { "1.5G", UINT64_C(3) << 29 },
                { "0.5K", 512 },
                { "1.25 MiB", UINT64_C(5) << 18 },
                { "0.001K", 1 },
                { "1.999999999G", (UINT64_C(1) << 31) - 2 },
        };

        expect_values(duration_parse, spans, ELEMENTSOF(spans));
        expect_values(size_parse, sizes, ELEMENTSOF(sizes));
}

Test(quantity, time_spans_of_another_form_are_refused)
{
        static const char *const texts[] = {
                "",      " 1s",       "s",     "-1s",  "+1s",     "1h 30", "30 1h",    "1 2",
                "05min", "00",        "1S",    "1Min", "1month",  "1y",    "infinity", "1s,2s",
                "1sx",   "1h -30min", ".5s",   "1.s",  "1.",      "1.5us", "1. 5s",    "1.5.5s",
                "1,5s",  "1e3s",      "0x10s", "5M",   "1s.5min", "1 .5s",
        };

        expect_error(duration_parse, -EINVAL, texts, ELEMENTSOF(texts));
}

Test(quantity, time_spans_that_are_too_long_are_said_to_be)
{
        static const char *const texts[] = {
                "18446744073709551616us",     "18446744073709551615ms",     "18446744073709551615",
                "18446744073709551615us 1us", "184467440737095516150000us", "18446744073709551.616ms",
        };

        expect_error(duration_parse, -ERANGE, texts, ELEMENTSOF(texts));
}

Test(quantity, sizes_are_to_the_base_of_1024)
{
        static const Case cases[] = {
                { "0", 0 },
                { "1000", 1000 },
                { "1000B", 1000 },
                { "1K", UINT64_C(1) << 10 },
                { "256M", UINT64_C(1) << 28 },
                { "256MB", UINT64_C(1) << 28 },
                { "256MiB", UINT64_C(1) << 28 },
                { "1KB", UINT64_C(1) << 10 },
                { "1KiB", UINT64_C(1) << 10 },
                { "1G", UINT64_C(1) << 30 },
                { "2 G", UINT64_C(1) << 31 },
                { "2 GB ", UINT64_C(1) << 31 },
                { "2GiB", UINT64_C(1) << 31 },
                { "1T", UINT64_C(1) << 40 },
                { "1TB", UINT64_C(1) << 40 },
                { "1TiB", UINT64_C(1) << 40 },
                { "1P", UINT64_C(1) << 50 },
                { "1PB", UINT64_C(1) << 50 },
                { "1PiB", UINT64_C(1) << 50 },
                { "16383P", UINT64_C(16383) << 50 },
                { "18446744073709551615", UINT64_MAX },
        };

        expect_values(size_parse, cases, ELEMENTSOF(cases));
}

Test(quantity, sizes_of_another_form_or_too_large_are_refused)
{
        static const char *const texts[] = {
                "",    "G",  "-1",   "1g",  "1Gi",  "1GBiB", "1mb", "01G", "1G 1M", "50%",      "infinity",
                " 1G", "1E", "0x10", "1.5", "1.5B", "1.G",   ".5G", "1iB", "1M1K",  "512 bytes"
        };
        static const char *const large[] = { "16384P", "18446744073709551615K", "18446744073709551616",
                                             "17179869184G" };

        expect_error(size_parse, -EINVAL, texts, ELEMENTSOF(texts));
        expect_error(size_parse, -ERANGE, large, ELEMENTSOF(large));
}

Test(quantity, shares_are_microseconds_per_second)
{
        static const Case cases[] = {
                { "0%", 0 }, { "1%", 10000 }, { "100%", 1000000 }, { "150 % ", 1500000 }
        };
        static const char *const texts[] = { "", "100", "%", "1.5%", "-1%", "100%%", "100%x", "1%1%" };
        static const char *const large[] = { "18446744073709551615%" };

        expect_values(share_parse, cases, ELEMENTSOF(cases));
        expect_error(share_parse, -EINVAL, texts, ELEMENTSOF(texts));
        expect_error(share_parse, -ERANGE, large, ELEMENTSOF(large));
}

Test(quantity, counts_are_whole_numbers)
{
        static const Case cases[] = { { "0", 0 }, { "64", 64 }, { "18446744073709551615", UINT64_MAX } };
        static const char *const texts[] = { "", "1.5", "01", " 1", "1 ", "-1", "1K" };

        expect_values(count_parse, cases, ELEMENTSOF(cases));
        expect_error(count_parse, -EINVAL, texts, ELEMENTSOF(texts));
}

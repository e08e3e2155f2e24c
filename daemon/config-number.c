/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The numeric values of the configuration: counts, time spans, sizes, quotas, port ranges. The read_…()
 * functions take the whole text and return 0, -EINVAL or -ERANGE. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "daemon/config-parse.h"
#include "daemon/config.h"

#define BLANKS  " \t"
#define DIGITS  "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyz"

/* CPUQuotaPerSecUSec of one percent: a hundredth of a second in every second. */
#define QUOTA_PER_PERCENT (USEC_PER_SEC / 100)

/* Reads the digits at *text and moves behind them and the blanks that follow. */
static int take_number(const char **text, uint64_t *ret)
{
        char digits[sizeof("18446744073709551615")];
        size_t n = strspn(*text, DIGITS);
        int r;

        if (n >= sizeof(digits))
                return -ERANGE;
        memcpy(digits, *text, n);
        digits[n] = '\0';
        r = text_to_u64(digits, UINT64_MAX, ret);
        if (r < 0)
                return r;
        *text += n;
        *text += strspn(*text, BLANKS);
        return 0;
}

static int read_number(const char *text, uint64_t *ret)
{
        return text_to_u64(text, UINT64_MAX, ret);
}

/* The units of systemd.time(7) up to weeks; months and years have no fixed length. */
static int unit_usec(const char *unit, size_t length, uint64_t *ret)
{
        static const struct {
                const char *name;
                uint64_t usec;
        } units[] = {
                { "usec", 1 },
                { "us", 1 },
                { "msec", USEC_PER_MSEC },
                { "ms", USEC_PER_MSEC },
                { "seconds", USEC_PER_SEC },
                { "second", USEC_PER_SEC },
                { "sec", USEC_PER_SEC },
                { "s", USEC_PER_SEC },
                { "minutes", 60 * USEC_PER_SEC },
                { "minute", 60 * USEC_PER_SEC },
                { "min", 60 * USEC_PER_SEC },
                { "m", 60 * USEC_PER_SEC },
                { "hours", 3600 * USEC_PER_SEC },
                { "hour", 3600 * USEC_PER_SEC },
                { "hr", 3600 * USEC_PER_SEC },
                { "h", 3600 * USEC_PER_SEC },
                { "days", 86400 * USEC_PER_SEC },
                { "day", 86400 * USEC_PER_SEC },
                { "d", 86400 * USEC_PER_SEC },
                { "weeks", 604800 * USEC_PER_SEC },
                { "week", 604800 * USEC_PER_SEC },
                { "w", 604800 * USEC_PER_SEC },
        };

        for (size_t i = 0; i < ELEMENTSOF(units); i++)
                if (strlen(units[i].name) == length && memcmp(units[i].name, unit, length) == 0) {
                        *ret = units[i].usec;
                        return 0;
                }
        return -EINVAL;
}

/* `1h 30min`: numbers with units, added up; or one number alone, in seconds. */
static int read_duration(const char *text, uint64_t *ret)
{
        const char *start = text;
        uint64_t total = 0;

        do {
                bool first = text == start;
                uint64_t number, unit = USEC_PER_SEC;
                size_t length;
                int r;

                r = take_number(&text, &number);
                if (r < 0)
                        return r;
                length = strspn(text, LETTERS);
                if (length > 0)
                        r = unit_usec(text, length, &unit);
                else if (!first || *text)
                        r = -EINVAL;
                if (r < 0)
                        return r;
                if (__builtin_mul_overflow(number, unit, &number) ||
                    __builtin_add_overflow(total, number, &total))
                        return -ERANGE;
                text += length;
                text += strspn(text, BLANKS);
        } while (*text);

        *ret = total;
        return 0;
}

static int read_size(const char *text, uint64_t *ret)
{
        static const char suffixes[] = "KMGTP";
        uint64_t number;
        int r;

        r = take_number(&text, &number);
        if (r < 0)
                return r;
        if (*text) {
                const char *suffix = strchr(suffixes, *text);

                if (!suffix || text[1])
                        return -EINVAL;
                if (__builtin_mul_overflow(number, UINT64_C(1) << (10 * (suffix - suffixes + 1)), &number))
                        return -ERANGE;
        }
        *ret = number;
        return 0;
}

static int read_quota(const char *text, uint64_t *ret)
{
        uint64_t percent;
        int r;

        r = take_number(&text, &percent);
        if (r < 0)
                return r;
        if (strcmp(text, "%") != 0)
                return -EINVAL;
        return __builtin_mul_overflow(percent, QUOTA_PER_PERCENT, ret) ? -ERANGE : 0;
}

typedef int (*ReadNumber)(const char *text, uint64_t *ret);

/* 0, or -EINVAL: one sentence says the form and the bounds, so which of both was missed makes no odds. */
static int parse_bounded(const ConfigKey *key, const char *text, ReadNumber read, uint64_t *ret)
{
        uint64_t value, least, most;

        if (read(text, &value) < 0)
                return -EINVAL;

        _unused_ int bounds_are_valid = read(key->least, &least) == 0 && read(key->most, &most) == 0;
        assert(bounds_are_valid);

        if (value < least || value > most)
                return -EINVAL;
        *ret = value;
        return 0;
}

static int parse_number(const ConfigKey *key, const char *text, void *member)
{
        return parse_bounded(key, text, read_number, member);
}

static int parse_duration(const ConfigKey *key, const char *text, void *member)
{
        return parse_bounded(key, text, read_duration, member);
}

static int parse_size(const ConfigKey *key, const char *text, void *member)
{
        return parse_bounded(key, text, read_size, member);
}

static int parse_quota(const ConfigKey *key, const char *text, void *member)
{
        return parse_bounded(key, text, read_quota, member);
}

static int parse_ports(const ConfigKey *key, const char *text, void *member)
{
        const char *dash = strchr(text, '-');
        _cleanup_free_ char *first = NULL;
        PortRange *range = member;
        uint64_t low, high;

        if (!dash)
                return -EINVAL;
        first = strndup(text, (size_t) (dash - text));
        if (!first)
                return -ENOMEM;
        if (parse_bounded(key, first, read_number, &low) < 0 ||
            parse_bounded(key, dash + 1, read_number, &high) < 0 || low > high)
                return -EINVAL;
        *range = (PortRange){ (uint16_t) low, (uint16_t) high };
        return 0;
}

static int clear_u64(void *member)
{
        *(uint64_t *) member = 0;
        return 0;
}

const ConfigType config_type_number = {
        .form = "a whole number",
        .parse = parse_number,
        .clear = clear_u64,
};
const ConfigType config_type_duration = {
        .form = "a time span such as 90s, 5min or 1h 30min",
        .parse = parse_duration,
        .clear = clear_u64,
};
const ConfigType config_type_size = {
        .form = "a size in bytes or with K, M, G, T or P, such as 512M",
        .parse = parse_size,
        .clear = clear_u64,
};
const ConfigType config_type_quota = {
        .form = "a share of one CPU's time such as 50% or 150%",
        .parse = parse_quota,
        .clear = clear_u64,
};
const ConfigType config_type_ports = {
        .form = "two port numbers, the lower one first, such as 20000-29999",
        .parse = parse_ports,
};

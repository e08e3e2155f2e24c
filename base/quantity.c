/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/quantity.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

#define BLANKS " \t"
#define DIGITS "0123456789"

/* Nine digits of a fraction count: a byte of a G, less than a millisecond of a week. */
#define FRACTION_SCALE_MAX UINT64_C(1000000000)

#define MINUTE (60 * USEC_PER_SEC)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

typedef struct Unit {
        const char *name;
        uint64_t value;
} Unit;

/* The name "" is a number alone. */
static const Unit duration_units[] = {
        { "", USEC_PER_SEC },
        { "us", 1 },
        { "usec", 1 },
        { "ms", USEC_PER_MSEC },
        { "msec", USEC_PER_MSEC },
        { "s", USEC_PER_SEC },
        { "sec", USEC_PER_SEC },
        { "second", USEC_PER_SEC },
        { "seconds", USEC_PER_SEC },
        { "m", MINUTE },
        { "min", MINUTE },
        { "minute", MINUTE },
        { "minutes", MINUTE },
        { "h", HOUR },
        { "hr", HOUR },
        { "hour", HOUR },
        { "hours", HOUR },
        { "d", DAY },
        { "day", DAY },
        { "days", DAY },
        { "w", 7 * DAY },
        { "week", 7 * DAY },
        { "weeks", 7 * DAY },
        {},
};

static const Unit size_units[] = {
        { "", 1 },
        { "B", 1 },
        { "K", UINT64_C(1) << 10 },
        { "KB", UINT64_C(1) << 10 },
        { "KiB", UINT64_C(1) << 10 },
        { "M", UINT64_C(1) << 20 },
        { "MB", UINT64_C(1) << 20 },
        { "MiB", UINT64_C(1) << 20 },
        { "G", UINT64_C(1) << 30 },
        { "GB", UINT64_C(1) << 30 },
        { "GiB", UINT64_C(1) << 30 },
        { "T", UINT64_C(1) << 40 },
        { "TB", UINT64_C(1) << 40 },
        { "TiB", UINT64_C(1) << 40 },
        { "P", UINT64_C(1) << 50 },
        { "PB", UINT64_C(1) << 50 },
        { "PiB", UINT64_C(1) << 50 },
        {},
};

/* CPUQuotaPerSecUSec of one percent: a hundredth of a second in every second. */
static const Unit share_units[] = { { "%", USEC_PER_SEC / 100 }, {} };

/* The unit that the first `length` bytes name; NULL if there is none. */
static const Unit *unit_find(const Unit *units, const char *name, size_t length)
{
        for (; units->name; units++)
                if (strlen(units->name) == length && memcmp(units->name, name, length) == 0)
                        return units;
        return NULL;
}

/* Reads the digits at *text and moves behind them. */
static int whole_read(const char **text, uint64_t *ret)
{
        char digits[sizeof("18446744073709551615")];
        size_t length = strspn(*text, DIGITS);

        if (length >= sizeof(digits))
                return -ERANGE;
        memcpy(digits, *text, length);
        digits[length] = '\0';
        *text += length;
        return text_to_u64(digits, UINT64_MAX, ret);
}

/* Reads `.5`, if it is at *text, as *ret parts of *ret_scale, and moves behind it. */
static int fraction_read(const char **text, uint64_t *ret, uint64_t *ret_scale)
{
        size_t length;

        *ret = 0;
        *ret_scale = 1;
        if (**text != '.')
                return 0;
        ++*text;
        length = strspn(*text, DIGITS);
        if (length == 0)
                return -EINVAL;
        for (size_t i = 0; i < length && *ret_scale < FRACTION_SCALE_MAX; i++) {
                *ret = *ret * 10 + (uint64_t) ((*text)[i] - '0');
                *ret_scale *= 10;
        }
        *text += length;
        return 0;
}

/* Reads a number with its unit at *text, and moves behind them and the blanks that follow. */
static int term_read(const char **text, const Unit *units, const Unit **ret_unit, uint64_t *ret)
{
        uint64_t whole, fraction, scale, parts;
        const Unit *unit;
        size_t length;
        int r;

        r = whole_read(text, &whole);
        if (r >= 0)
                r = fraction_read(text, &fraction, &scale);
        if (r < 0)
                return r;
        *text += strspn(*text, BLANKS);
        length = strcspn(*text, BLANKS "." DIGITS);
        unit = unit_find(units, *text, length);
        if (!unit || (scale > 1 && unit->value == 1))
                return -EINVAL;
        *text += length;
        *text += strspn(*text, BLANKS);

        /* unit->value * fraction / scale, which would be too large on the way. */
        parts = unit->value / scale * fraction + unit->value % scale * fraction / scale;
        if (__builtin_mul_overflow(whole, unit->value, &whole) || __builtin_add_overflow(whole, parts, ret))
                return -ERANGE;
        *ret_unit = unit;
        return 0;
}

/* One term and nothing else. */
static int single_parse(const char *text, const Unit *units, uint64_t *ret)
{
        const Unit *unit;
        uint64_t value;
        int r;

        assert(text);
        assert(ret);

        r = term_read(&text, units, &unit, &value);
        if (r < 0)
                return r;
        if (*text)
                return -EINVAL;
        *ret = value;
        return 0;
}

int duration_parse(const char *text, uint64_t *ret)
{
        const char *start = text;
        uint64_t total = 0;

        assert(text);
        assert(ret);

        do {
                bool first = text == start;
                const Unit *unit;
                uint64_t value;
                int r = term_read(&text, duration_units, &unit, &value);

                if (r < 0)
                        return r;
                if (unit->name[0] == '\0' && (!first || *text))
                        return -EINVAL;
                if (__builtin_add_overflow(total, value, &total))
                        return -ERANGE;
        } while (*text);
        *ret = total;
        return 0;
}

int size_parse(const char *text, uint64_t *ret)
{
        return single_parse(text, size_units, ret);
}

int share_parse(const char *text, uint64_t *ret)
{
        assert(text);

        if (strchr(text, '.'))
                return -EINVAL;
        return single_parse(text, share_units, ret);
}

int count_parse(const char *text, uint64_t *ret)
{
        return text_to_u64(text, UINT64_MAX, ret);
}

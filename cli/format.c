/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/format.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>
#include <wctype.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli/terminal.h"

#define USEC_PER_MINUTE (60 * USEC_PER_SEC)
#define USEC_PER_HOUR   (60 * USEC_PER_MINUTE)
#define USEC_PER_DAY    (24 * USEC_PER_HOUR)

typedef struct Unit {
        const char *name;
        uint64_t value;
} Unit;

static const Unit duration_units[] = {
        { "d", USEC_PER_DAY }, { "h", USEC_PER_HOUR },  { "min", USEC_PER_MINUTE },
        { "s", USEC_PER_SEC }, { "ms", USEC_PER_MSEC }, { "us", 1 },
};

static const Unit size_units[] = {
        { "T", (uint64_t) 1 << 40 },
        { "G", (uint64_t) 1 << 30 },
        { "M", (uint64_t) 1 << 20 },
        { "K", (uint64_t) 1 << 10 },
};

/* Bytes of the printable character at `text`, and its columns; 0 if there is none. */
static size_t printable_at(const char *text, size_t length, size_t *ret_columns)
{
        mbstate_t state = { 0 };
        wchar_t character;
        size_t n = mbrtowc(&character, text, length, &state);

        if (n == 0 || n == (size_t) -1 || n == (size_t) -2 || !iswprint((wint_t) character) ||
            text_is_control((uint32_t) character))
                return 0;
        *ret_columns = (size_t) MAX2(wcwidth(character), 0);
        return n;
}

char *text_escape(const char *text, size_t length)
{
        static const char digits[] = "0123456789abcdef";
        char *escaped = malloc(length * strlen("\\xNN") + 1), *to = escaped;
        const char *end = text + length;

        if (!escaped)
                return NULL;
        while (text < end) {
                size_t columns, n = *text == '\t' ? 1 : printable_at(text, (size_t) (end - text), &columns);

                if (n > 0) {
                        to = mempcpy(to, text, n);
                        text += n;
                } else {
                        uint8_t byte = (uint8_t) *text++;

                        *to++ = '\\';
                        *to++ = 'x';
                        *to++ = digits[byte >> 4];
                        *to++ = digits[byte & 0xf];
                }
        }
        *to = '\0';
        return escaped;
}

char *text_cut(const char *text, size_t width)
{
        const char *ellipsis = terminal_has_unicode() ? "…" : "~";
        size_t used = 0, fits = 0, length = strlen(text);

        for (size_t at = 0; at < length;) {
                size_t columns = 1, n = MAX2(printable_at(text + at, length - at, &columns), (size_t) 1);

                if (used + columns > width)
                        return width == 0 ? strdup("") : text_format("%.*s%s", (int) fits, text, ellipsis);
                used += columns;
                at += n;
                if (used < width)
                        fits = at;
        }
        return strdup(text);
}

static char *format_age(uint64_t time)
{
        uint64_t now = clock_usec(CLOCK_REALTIME), age = time < now ? now - time : time - now;

        if (age < USEC_PER_SEC)
                return strdup("now");
        for (size_t i = 0; i < ELEMENTSOF(duration_units); i++)
                if (age >= duration_units[i].value)
                        return text_format("%s%" PRIu64 "%s%s", time < now ? "" : "in ",
                                           age / duration_units[i].value, duration_units[i].name,
                                           time < now ? " ago" : "");
        return strdup("now");
}

typedef enum DateForm {
        DATE_DAY,
        DATE_MINUTE,
        DATE_SECOND,
} DateForm;

static char *format_date(uint64_t time, DateForm form)
{
        time_t seconds = (time_t) (time / USEC_PER_SEC);
        char text[64]; /* a date with seconds and a time zone's name has less than 40 bytes */
        struct tm parts;
        size_t length;

        if (!localtime_r(&seconds, &parts))
                return strdup("?");
        length = form == DATE_DAY      ? strftime(text, sizeof(text), "%Y-%m-%d", &parts)
                 : form == DATE_MINUTE ? strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &parts)
                                       : strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %Z", &parts);
        return strdup(length > 0 ? text : "?");
}

char *format_day(uint64_t time)
{
        return format_date(time, DATE_DAY);
}

char *format_time_short(uint64_t time)
{
        uint64_t now = clock_usec(CLOCK_REALTIME);

        if (time == 0)
                return strdup("-");
        if ((time < now ? now - time : time - now) < USEC_PER_DAY)
                return format_age(time);
        return format_date(time, DATE_MINUTE);
}

char *format_time_long(uint64_t time)
{
        _cleanup_free_ char *date = NULL, *age = NULL;

        if (time == 0)
                return strdup("-");
        date = format_date(time, DATE_SECOND);
        age = format_age(time);
        return date && age ? text_format("%s; %s", date, age) : NULL;
}

char *format_size(uint64_t bytes)
{
        for (size_t i = 0; i < ELEMENTSOF(size_units); i++)
                if (bytes >= size_units[i].value)
                        return text_format("%.*f%s", bytes % size_units[i].value == 0 ? 0 : 1,
                                           (double) bytes / (double) size_units[i].value,
                                           size_units[i].name);
        return text_format("%" PRIu64 "B", bytes);
}

char *format_duration(uint64_t microseconds)
{
        for (size_t i = 0; i < ELEMENTSOF(duration_units); i++) {
                const Unit *unit = &duration_units[i], *next = unit + 1;
                uint64_t rest;

                if (microseconds < unit->value)
                        continue;
                rest = unit->value > 1 ? microseconds % unit->value / next->value : 0;
                if (rest == 0)
                        return text_format("%" PRIu64 "%s", microseconds / unit->value, unit->name);
                return text_format("%" PRIu64 "%s %" PRIu64 "%s", microseconds / unit->value, unit->name,
                                   rest, next->name);
        }
        return strdup("0s");
}

char *format_elapsed(uint64_t microseconds)
{
        if (microseconds < USEC_PER_MINUTE)
                return text_format("%.1fs", (double) microseconds / (double) USEC_PER_SEC);
        return format_duration(microseconds);
}

char *format_share(uint64_t microseconds_per_second)
{
        return text_format("%" PRIu64 "%%", microseconds_per_second * 100 / USEC_PER_SEC);
}

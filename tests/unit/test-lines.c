/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "builder/lines.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

/* A LineEach: each line and a bar into a stream. */
static void put(const char *line, void *userdata)
{
        (void) fprintf(userdata, "%s|", line);
}

/* The lines of a text that comes `step` bytes at a time. */
static char *cut(const char *text, size_t size, size_t step)
{
        _cleanup_free_ Lines *lines = calloc(1, sizeof(Lines));
        char *found = NULL;
        size_t found_size;
        FILE *stream = open_memstream(&found, &found_size);

        for (size_t i = 0; i < size; i += step)
                lines_add(lines, text + i, MIN2(step, size - i), put, stream);
        lines_end(lines, put, stream);
        (void) fclose(stream);
        return found;
}

Test(lines, a_text_is_cut_at_newlines_however_it_comes)
{
        static const struct {
                const char *text, *lines;
        } cases[] = {
                { "", "" },
                { "a\nb\n", "a|b|" },
                { "a\n\nb", "a||b|" },
                { "\n", "|" },
                { "a\r\nb\r\n", "a|b|" },
                { "1%\r50%\r100%\n", "100%|" },
                { "1%\r50%\r", "50%|" },
                { "long\rs\r\r\n", "s|" },
                { "  indented\t\n", "  indented\t|" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                for (size_t step = 1; step < 12; step++) {
                        _cleanup_free_ char *found = cut(cases[i].text, strlen(cases[i].text), step);

                        cr_expect_str_eq(found, cases[i].lines);
                }
}

Test(lines, nul_bytes_are_shown)
{
        _cleanup_free_ char *found = cut("a\0b\n\0\n", 6, 1);

        cr_expect_str_eq(found, "a?b|?|");
}

Test(lines, a_line_without_end_has_a_bound)
{
        static const size_t sizes[] = { LINE_BYTES_MAX - 1, LINE_BYTES_MAX, LINE_BYTES_MAX + 1,
                                        1000 * 1000 };
        static char text[1000 * 1000];

        memset(text, 'x', sizeof(text));
        for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
                _cleanup_free_ char *found = cut(text, sizes[i], 65536);

                /* One byte more than is shown, for it shows that there was more. */
                cr_expect_eq(strlen(found), MIN2(sizes[i], LINE_BYTES_MAX + 1) + strlen("|"));
        }
}

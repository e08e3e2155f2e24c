/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/tail.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static char flushed[4096];

static int collect_line(const char *line, size_t size, _unused_ void *userdata)
{
        cr_assert_eq(strlen(line), size);
        (void) strcat(flushed, line);
        return 0;
}

static void add_text(Tail *tail, const char *line)
{
        tail_add(tail, line, strlen(line));
}

/* What is kept, and of how many lost lines the tail knew. */
static void expect_tail(Tail *tail, const char *text, uint64_t n_lost)
{
        uint64_t n = tail->n_lost;

        flushed[0] = '\0';
        cr_assert_eq(tail_flush(tail, collect_line, NULL), 0);
        cr_expect_str_eq(flushed, text);
        cr_expect_eq(n, n_lost);
        cr_expect_eq(tail->size, 0);
        cr_expect_eq(tail->n_lost, 0);
}

Test(tail, lines_come_back_in_their_order)
{
        Tail tail = { .max = 100 };

        add_text(&tail, "one");
        add_text(&tail, "");
        add_text(&tail, "three");
        expect_tail(&tail, "one\n\nthree\n", 0);
        add_text(&tail, "again");
        expect_tail(&tail, "again\n", 0);
}

Test(tail, the_oldest_lines_make_room)
{
        Tail tail = { .max = 10 };

        add_text(&tail, "1234");
        add_text(&tail, "5678");
        add_text(&tail, "9");
        expect_tail(&tail, "5678\n9\n", 1);
}

Test(tail, a_line_that_fills_it_is_kept_and_a_longer_one_is_lost)
{
        Tail tail = { .max = 5 };

        add_text(&tail, "1234");
        expect_tail(&tail, "1234\n", 0);
        add_text(&tail, "a");
        add_text(&tail, "12345");
        expect_tail(&tail, "a\n", 1);
}

Test(tail, without_room_everything_is_lost)
{
        Tail tail = { .max = 0 };

        add_text(&tail, "");
        expect_tail(&tail, "", 1);
}

/* Against a plain array of all lines, over many turns of the ring. */
Test(tail, every_end_is_the_longest_that_fits)
{
        for (size_t max = 1; max < 40; max++) {
                Tail tail = { .max = max };
                char lines[64][8], expected[512] = "";
                size_t room = max, first = ELEMENTSOF(lines);

                for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
                        (void) snprintf(lines[i], sizeof(lines[i]), "%.*s", (int) (i * 7 % 5), "abcde");
                        add_text(&tail, lines[i]);
                }
                /* The longest line has 4 bytes: a smaller tail loses lines in the middle. */
                if (max >= 5) {
                        while (first > 0 && strlen(lines[first - 1]) + 1 <= room)
                                room -= strlen(lines[--first]) + 1;
                        for (size_t i = first; i < ELEMENTSOF(lines); i++)
                                (void) strcat(strcat(expected, lines[i]), "\n");
                        expect_tail(&tail, expected, first);
                }
                tail_done(&tail);
        }
}

static int stop_at_two(const char *line, _unused_ size_t size, void *userdata)
{
        unsigned *n = userdata;

        (*n)++;
        return strcmp(line, "2\n") == 0 ? 7 : 0;
}

Test(tail, a_flush_ends_where_the_caller_says)
{
        Tail tail = { .max = 100 };
        unsigned n = 0;

        add_text(&tail, "1");
        add_text(&tail, "2");
        add_text(&tail, "3");
        cr_assert_eq(tail_flush(&tail, stop_at_two, &n), 7);
        cr_expect_eq(n, 2);
        expect_tail(&tail, "", 0);
}

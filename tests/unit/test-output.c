/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/quote.h"
#include "builder/output.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "builder/child.h"

/* The reason that remains of some lines, which end with a NULL. */
static void expect(const char *const *lines, const char *reason)
{
        _cleanup_(output_done) Output output = { 0 };

        for (; *lines; lines++)
                output_line(*lines, &output);
        if (reason)
                cr_expect_str_eq(output_reason(&output), reason);
        else
                cr_expect_null(output_reason(&output));
}

#define LINES(...) ((const char *const[]){ __VA_ARGS__, NULL })

Test(output, the_last_complaint_is_the_reason)
{
        expect(LINES(" !     one", "two"), "one");
        expect(LINES(" !     one", " !     two", " !", " !     ", "-----> three"), "two");
        expect(LINES(" ! short"), "short");
}

Test(output, without_a_complaint_it_is_the_last_line_that_is_not_blank)
{
        expect(LINES("one", "  two  ", "", "   ", "\t"), "two");
        expect(LINES("one", "!     no mark"), "!     no mark");
        expect(LINES("one", " !joined"), "!joined");
        expect(LINES("", "  "), NULL);
}

Test(output, the_line_that_names_the_error_is_the_reason)
{
        expect(LINES("       Error: no apples", "           at main (a.js:1:1)", "       Node.js v18.20.4"),
               "Error: no apples");
        expect(LINES("       Error: no apples", " !     it cannot be built"), "it cannot be built");
}

Test(output, a_warning_is_the_reason_only_when_nothing_else_was_said)
{
        expect(LINES("-----> Building", " !     warning: there is no lock file", "no apples"), "no apples");
        expect(LINES("no apples", " !     Warning: there is no lock file"), "no apples");
        expect(LINES(" !     warning: there is no lock file"), "warning: there is no lock file");
        expect(LINES(" !     no apples", " !     warning: there is no lock file"), "no apples");
}

Test(output, what_is_before_the_last_heading_is_no_reason)
{
        expect(LINES("Error: one", "-----> Trying another way", "no apples"), "no apples");
        expect(LINES("Error: one", "-----> Trying another way"), "-----> Trying another way");
        expect(LINES("Error: one", "-----> Building", "make exited with status 2"),
               "make exited with status 2");
}

Test(output, a_complaint_behind_which_it_went_on_is_no_reason)
{
        expect(LINES(" !     an old setting is used", "-----> Packing", "no room"), "no room");
        expect(LINES(" !     old", "-----> Packing", "no room", " !     new"), "new");
        expect(LINES(" !     old", "-----> Packing", "-----> Again"), "old");
        expect(LINES("-----> Packing", " !     no room", "more"), "no room");
}

Test(output, a_reason_is_clean_and_bounded)
{
        _cleanup_(output_done) Output output = { 0 };
        char line[3000];

        expect(LINES("a\033[1mb\377\tc"), "ab? c");
        expect(LINES(" !     a\033[1mb"), "ab");
        memset(line, 'x', sizeof(line) - 1);
        line[sizeof(line) - 1] = '\0';
        output_line(line, &output);
        cr_expect_eq(strlen(output_reason(&output)), 2048);
}

Test(output, another_program_begins_anew)
{
        _cleanup_(output_done) Output output = { 0 };

        output_line(" !     old", &output);
        output_restart(&output);
        cr_expect_null(output_reason(&output));
        output_line("new", &output);
        cr_expect_str_eq(output_reason(&output), "new");
}

Test(output, the_last_of_many_headings_is_told_when_it_is_time)
{
        _cleanup_(output_done) Output output = { 0 };
        uint64_t next;

        cr_assert_eq(unsetenv("NOTIFY_SOCKET"), 0);
        output_line("-----> one", &output);
        cr_assert_null(output.heading);
        output_line("-----> two", &output);
        output_line("-----> three", &output);
        output_line("       details", &output);
        next = output_tell(&output, output.told + 1);
        cr_expect_eq(next, output.told + USEC_PER_SEC / 2);
        cr_expect_str_eq(output.heading, "three");
        cr_expect_eq(output_tell(&output, next), USEC_INFINITY);
        cr_expect_null(output.heading);
        cr_expect_eq(output.told, next);
}

Test(child, an_end_is_told_in_words)
{
        static const struct {
                int status;
                const char *reason, *words;
        } cases[] = {
                { W_EXITCODE(1, 0), NULL, "exited with status 1" },
                { W_EXITCODE(1, 0), "", "exited with status 1" },
                { W_EXITCODE(2, 0), "no apples", "exited with status 2" QUOTE_MARK ": no apples" },
                { W_EXITCODE(127, 0), "x", "exited with status 127" QUOTE_MARK ": x" },
                { W_EXITCODE(128, 0), NULL, "exited with status 128" },
                { W_EXITCODE(137, 0), NULL, "exited with status 137 (SIGKILL)" },
                { W_EXITCODE(255, 0), NULL, "exited with status 255" },
                { W_EXITCODE(0, 9), NULL, "was killed by signal SIGKILL" },
                { W_EXITCODE(0, 15), "x", "was killed by signal SIGTERM" QUOTE_MARK ": x" },
                { W_EXITCODE(0, 40), NULL, "was killed by signal 40" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *words = child_describe_end(cases[i].status, cases[i].reason);

                cr_expect_str_eq(words, cases[i].words);
        }
}

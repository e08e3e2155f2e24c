/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/failure-line.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define FAILURES SOURCE_DIR "/tests/unit/failures/"

/* The reason as it is shown; the caller frees. NULL if there is none. */
static char *shown(const FailureLine *line)
{
        const char *text = failure_line_get(line);
        _cleanup_free_ char *plain = text ? strdup(text) : NULL;

        if (!plain)
                return NULL;
        text_strip_escapes(plain);
        return text_sanitize(plain, 2000);
}

/* Lines end with a NULL. */
static void expect(const char *const *lines, const char *reason)
{
        _cleanup_(failure_line_done) FailureLine line = { 0 };
        _cleanup_free_ char *text = NULL;

        for (; *lines; lines++)
                failure_line_add(&line, *lines);
        text = shown(&line);
        if (reason)
                cr_expect(text && strcmp(text, reason) == 0, "“%s” instead of “%s”", text, reason);
        else
                cr_expect_null(text);
}

#define LINES(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* What programs printed: behind a line on how, and one with the reason, which somebody chose who read it. */
ParameterizedTestParameters(failure_line, the_reason_of_a_recorded_failure)
{
        static char names[200][100];
        glob_t found = { 0 };
        size_t n;

        cr_assert_eq(glob(FAILURES "*.txt", 0, NULL, &found), 0);
        cr_assert(found.gl_pathc >= 80 && found.gl_pathc <= ELEMENTSOF(names));
        for (size_t i = 0; i < found.gl_pathc; i++)
                (void) snprintf(names[i], sizeof(names[i]), "%s", found.gl_pathv[i] + strlen(FAILURES));
        n = found.gl_pathc;
        globfree(&found);
        return cr_make_param_array(char[100], names, n);
}

ParameterizedTest(const char *name, failure_line, the_reason_of_a_recorded_failure)
{
        static const char comment[] = "# ", mark[] = "# Reason: ";
        _cleanup_free_ char *path = text_format(FAILURES "%s", name), *reason = NULL, *text = NULL,
                            *got = NULL;
        _cleanup_(failure_line_done) FailureLine line = { 0 };
        size_t size = 0;
        FILE *file;

        cr_assert_not_null(path);
        file = fopen(path, "re");
        cr_assert_not_null(file);
        for (size_t n = 0; getline(&text, &size, file) >= 0; n++) {
                text[strcspn(text, "\n")] = '\0';
                if (n == 0)
                        cr_assert_eq(strncmp(text, comment, strlen(comment)), 0);
                else if (n == 1) {
                        cr_assert_eq(strncmp(text, mark, strlen(mark)), 0);
                        reason = strdup(text + strlen(mark));
                } else
                        failure_line_add(&line, text);
        }
        (void) fclose(file);
        got = shown(&line);
        cr_assert_not_null(reason);
        cr_expect(got && strcmp(got, reason) == 0, "%s: “%s” instead of “%s”", name, got, reason);
}

Test(failure_line, a_text_without_an_error_gives_its_last_line)
{
        expect(LINES("one", "  two  ", "", "   ", "\t"), "two");
        expect(LINES("one"), "one");
        expect(LINES("", "  ", "\033[0m"), NULL);
}

Test(failure_line, a_warning_counts_only_when_nothing_else_was_said)
{
        expect(LINES("no apples", "Warning: the pears are old"), "no apples");
        expect(LINES("warning: the pears are old", "}"), "warning: the pears are old");
        expect(LINES("Warning: the pears are old", "make: *** [Makefile:2: x] Error 1"),
               "make: *** [Makefile:2: x] Error 1");
}

Test(failure_line, what_says_nothing_counts_only_when_there_is_nothing_else)
{
        expect(LINES("{", "}"), "}");
        expect(LINES("Node.js v18.20.4"), "Node.js v18.20.4");
        expect(LINES("no apples", "Node.js v18.20.4"), "no apples");
}

Test(failure_line, of_two_errors_the_last_counts_and_of_a_series_the_first)
{
        expect(LINES("Error: one", "trying it again", "Error: two", "that was it"), "Error: two");
        expect(LINES("a.c:1:1: error: one", "a.c:2:1: error: two", "2 errors"), "a.c:1:1: error: one");
        expect(LINES("a.c:1:1: error: one", "panic: two"), "panic: two");
}

Test(failure_line, an_error_that_was_survived_counts_no_more)
{
        _cleanup_(failure_line_done) FailureLine line = { 0 };

        failure_line_add(&line, "Error: cannot reach the mail server");
        for (size_t i = 0; i < 1000; i++)
                failure_line_add(&line, "    at send (mail.js:1:1)");
        for (size_t i = 1; i < 100; i++)
                failure_line_add(&line, "a request");
        cr_expect_str_eq(failure_line_get(&line), "Error: cannot reach the mail server");
        failure_line_add(&line, "no apples");
        cr_expect_str_eq(failure_line_get(&line), "no apples");
}

Test(failure_line, the_first_of_a_series_that_is_too_old_is_replaced)
{
        _cleanup_(failure_line_done) FailureLine line = { 0 };

        for (size_t i = 0; i <= 100; i++) {
                _cleanup_free_ char *text = text_format("a.c:%zu:1: error: x", i);

                failure_line_add(&line, text);
        }
        cr_expect_str_eq(failure_line_get(&line), "a.c:100:1: error: x");
}

Test(failure_line, a_line_is_given_back_as_it_was_printed)
{
        expect(LINES("\033[31mError:\033[0m a\tb \377"), "Error: a b ?");
        _cleanup_(failure_line_done) FailureLine line = { 0 };
        failure_line_add(&line, "  \033[31mError:\033[0m \377 ");
        cr_expect_str_eq(failure_line_get(&line), "  \033[31mError:\033[0m \377 ");
}

Test(failure_line, a_long_line_is_cut)
{
        _cleanup_(failure_line_done) FailureLine line = { 0 };
        _cleanup_free_ char *text = malloc(2 * FAILURE_LINE_BYTES_MAX + 1);

        cr_assert_not_null(text);
        memset(text, 'x', 2 * FAILURE_LINE_BYTES_MAX);
        text[2 * FAILURE_LINE_BYTES_MAX] = '\0';
        failure_line_add(&line, text);
        cr_expect_eq(strlen(failure_line_get(&line)), FAILURE_LINE_BYTES_MAX);
}

Test(failure_line, the_calls_of_python_end_at_the_line_that_is_no_deeper)
{
        expect(LINES("       Traceback (most recent call last):",
                     "         File \"a.py\", line 1, in <module>", "           raise Stop(\"Error: x\")",
                     "       shop.Stop: no apples", "       more of it"),
               "shop.Stop: no apples");
}

Test(failure_line, behind_a_heading_the_next_line_counts)
{
        expect(LINES("thread 'main' panicked at src/main.rs:2:5:", "no apples", "note: run with"),
               "no apples");
        expect(LINES("thread 'main' panicked at src/main.rs:2:5:", "note: run with"),
               "thread 'main' panicked at src/main.rs:2:5:");
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/variables.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/text.h"

/* A text of `size` times the same letter. Caller frees. */
static char *long_text(char letter, size_t size)
{
        char *text = malloc(size + 1);

        cr_assert_not_null(text);
        memset(text, letter, size);
        text[size] = '\0';
        return text;
}

static void set(Variables *variables, const char *name, const char *value)
{
        cr_assert_eq(variables_set(variables, name, value), 0);
}

static void expect(const Variables *variables, const char *wanted)
{
        _cleanup_free_ char *all = strdup("");

        for (size_t i = 0; i < variables->n; i++) {
                char *longer =
                        text_format("%s%s=%s;", all, variables->items[i].name, variables->items[i].value);

                free(all);
                all = longer;
        }
        cr_expect_str_eq(all, wanted);
}

Test(variables, are_in_the_order_of_their_names_whatever_order_they_come_in)
{
        _cleanup_variables_ Variables variables = {};

        set(&variables, "M", "1");
        set(&variables, "Z", "2");
        set(&variables, "A", "3");
        set(&variables, "MM", "4");
        set(&variables, "_", "5");
        expect(&variables, "A=3;M=1;MM=4;Z=2;_=5;");
        set(&variables, "M", "new");
        expect(&variables, "A=3;M=new;MM=4;Z=2;_=5;");
        cr_expect_str_eq(variables_get(&variables, "M"), "new");
        cr_expect_null(variables_get(&variables, "N"));
        cr_expect_null(variables_get(&variables, "ZZ"));
        cr_expect_null(variables_get(&variables, ""));
}

Test(variables, are_unset_one_by_one)
{
        _cleanup_variables_ Variables variables = {};

        variables_unset(&variables, "A");
        set(&variables, "A", "1");
        set(&variables, "B", "2");
        set(&variables, "C", "3");
        variables_unset(&variables, "B");
        variables_unset(&variables, "BB");
        expect(&variables, "A=1;C=3;");
        variables_unset(&variables, "C");
        variables_unset(&variables, "A");
        expect(&variables, "");
        set(&variables, "A", "again");
        expect(&variables, "A=again;");
}

Test(variables, a_copy_is_one_of_its_own)
{
        _cleanup_variables_ Variables source = {}, target = {};

        set(&source, "A", "1");
        set(&target, "OLD", "x");
        cr_assert_eq(variables_copy(&target, &source), 0);
        set(&source, "A", "2");
        expect(&target, "A=1;");
        variables_clear(&source);
        cr_assert_eq(variables_copy(&target, &source), 0);
        expect(&target, "");
}

Test(variables, together_they_have_a_size)
{
        _cleanup_variables_ Variables variables = {};
        _cleanup_free_ char *half = long_text('x', VARIABLES_SIZE_MAX / 2), *rest = NULL;

        set(&variables, "A", half);
        /* Each counts with `=` and its end, as execve(2) takes it. */
        rest = long_text('y', VARIABLES_SIZE_MAX - strlen(half) - 2 * strlen("A=") - 2);
        set(&variables, "B", rest);
        cr_expect_eq(variables_set(&variables, "C", ""), -E2BIG);
        cr_expect_eq(variables.n, 2);
        variables_unset(&variables, "A");
        set(&variables, "C", "");
}

Test(variables, a_value_is_replaced_even_when_there_is_no_room_for_both)
{
        _cleanup_variables_ Variables variables = {};
        _cleanup_free_ char *large = long_text('x', VARIABLES_SIZE_MAX - strlen("A=") - 1),
                            *larger = long_text('x', VARIABLES_SIZE_MAX - strlen("A=")),
                            *other = long_text('y', strlen(large));

        set(&variables, "A", large);
        set(&variables, "A", other);
        cr_expect_str_eq(variables_get(&variables, "A"), other);
        cr_expect_eq(variables_set(&variables, "A", larger), -E2BIG);
        cr_expect_str_eq(variables_get(&variables, "A"), other);
}

Test(variables, a_name_is_letters_digits_and_underscores)
{
        static const char *const good[] = { "A",
                                            "_",
                                            "a1",
                                            "_1",
                                            "PATH_TO_x",
                                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
                                            "abcdefghijklmnopqrstuvwxyz",
                                            "x0123456789" };
        static const char *const bad[] = { "",      "1A",    "0",   "A-B", "A B",    " A",  "A ",
                                           "A.B",   "A=",    "=",   "A\n", "\nA",    "A\t", "Ä",
                                           "A\x01", "A\xff", "A$",  "$A",  "A[0]",   "A{",  "A@",
                                           "A`",    "A/B",   "A\\", "A\"", "A;rm -r" };
        _cleanup_free_ char *longest = long_text('A', VARIABLE_NAME_MAX),
                            *longer = long_text('A', VARIABLE_NAME_MAX + 1);

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                cr_expect(variable_name_is_valid(good[i]), "'%s'", good[i]);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                cr_expect_not(variable_name_is_valid(bad[i]), "'%s'", bad[i]);
        cr_expect(variable_name_is_valid(longest));
        cr_expect_not(variable_name_is_valid(longer));
}

Test(variables, a_value_is_text_of_several_lines_at_most)
{
        static const char *const good[] = { "",          " ",         "\t",         "\n", "a\nb\n",
                                            "\n\n\tx\n", "ü漢🙂", "\"'`$\\%#;", " a " };
        static const char *const bad[] = { "\x01", "a\x1b[0m", "\r\n",     "\x7f",        "\xff",
                                           "\xc3", "a\n\x01",  "\xc2\x85", "\xed\xa0\x80" };
        _cleanup_free_ char *longest = long_text('v', VARIABLE_VALUE_MAX),
                            *longer = long_text('v', VARIABLE_VALUE_MAX + 1);

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                cr_expect(variable_value_is_valid(good[i]), "'%s'", good[i]);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                cr_expect_not(variable_value_is_valid(bad[i]), "%zu", i);
        cr_expect(variable_value_is_valid(longest));
        cr_expect_not(variable_value_is_valid(longer));
}

Test(variables, the_longest_name_and_value_fit_into_one_argument_of_the_kernel)
{
        /* MAX_ARG_STRLEN of execve(2): 32 pages, with the NUL. */
        cr_expect_leq(VARIABLE_NAME_MAX + strlen("=") + VARIABLE_VALUE_MAX + 1, (size_t) 32 * 4096);
        cr_expect_not_null(strstr(VARIABLE_NAME_RULE, "255"));
        cr_expect_eq(VARIABLE_NAME_MAX, 255);
        cr_expect_not_null(strstr(VARIABLE_VALUE_RULE, "130815"));
        cr_expect_eq(VARIABLE_VALUE_MAX, 130815);
}

Test(variables, what_deployd_systemd_and_the_loader_set_is_reserved)
{
        static const char *const reserved[] = {
                "PORT",
                "HOST",
                "DYNO",
                "GIT_REV",
                "HOME",
                "TMPDIR",
                "DEPLOYD_APP",
                "DEPLOYD_",
                "DEPLOYD_ANYTHING",
                "LD_PRELOAD",
                "LD_AUDIT",
                "LD_",
                "SYSTEMD_",
                "SYSTEMD_LOG_LEVEL",
                "NOTIFY_SOCKET",
                "WATCHDOG_USEC",
                "WATCHDOG_PID",
                "LISTEN_FDS",
                "LISTEN_PID",
                "LISTEN_FDNAMES",
                "INVOCATION_ID",
                "JOURNAL_STREAM",
                "MAINPID",
                "CACHE_DIRECTORY",
                "STATE_DIRECTORY",
                "CREDENTIALS_DIRECTORY",
        };
        static const char *const free_names[] = { "PATH",  "PORTS",   "APORT", "port",    "HOSTNAME", "LDX",
                                                  "ALD_X", "DEPLOYD", "LANG",  "SYSTEMD", "MY_HOME" };

        for (size_t i = 0; i < ELEMENTSOF(reserved); i++)
                cr_expect(variable_is_reserved(reserved[i]), "%s", reserved[i]);
        for (size_t i = 0; i < ELEMENTSOF(free_names); i++)
                cr_expect_not(variable_is_reserved(free_names[i]), "%s", free_names[i]);
}

static void redacts(const Variables *variables, const char *before, const char *after)
{
        _cleanup_free_ char *text = strdup(before);

        cr_assert_not_null(text);
        cr_assert_eq(variables_redact(variables, text), 0);
        cr_expect_str_eq(text, after);
}

Test(variables, values_are_told_as_stars)
{
        _cleanup_variables_ Variables variables = {};

        redacts(&variables, "nothing to hide", "nothing to hide");
        set(&variables, "A", "secret");
        set(&variables, "B", "short");
        set(&variables, "C", "");
        redacts(&variables, "", "");
        redacts(&variables, "secret", "***");
        redacts(&variables, "a secret, the secret: secretsecret", "a ***, the ***: ***");
        redacts(&variables, "secre secrets short", "secre ***s short");
        redacts(&variables, "seSecretcret sesecretcret", "seSecretcret se***cret");
}

Test(variables, of_values_that_overlap_nothing_is_left)
{
        _cleanup_variables_ Variables variables = {};

        set(&variables, "A", "secret");
        set(&variables, "B", "secret-and-more");
        set(&variables, "C", "more-secret");
        redacts(&variables, "it is secret-and-more.", "it is ***.");
        redacts(&variables, "more-secret", "***");
        redacts(&variables, "(more-secret-and-more-secret)", "(***)");
        redacts(&variables, "secret", "***");
}

Test(variables, each_line_of_a_value_is_told_as_stars)
{
        _cleanup_variables_ Variables variables = {};

        set(&variables, "KEY", "--begin--\nfirst line\n\nx\n\ttab $\\\n--end--\n");
        redacts(&variables, "cannot read 'first line'", "cannot read '***'");
        redacts(&variables, "--end-- x \ttab $\\", "*** x ***");
        redacts(&variables, "--begin--\nfirst line", "***\n***");
}

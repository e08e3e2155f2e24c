/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"

/* Malformed by the table of RFC 3629, section 4. */
static const char *const malformed[] = {
        "\x80",             /* continuation byte alone */
        "a\xbf",            /* the same after a letter */
        "\xc0\xaf",         /* overlong / */
        "\xc1\xbf",         /* overlong, the last of them */
        "\xe0\x80\xaf",     /* overlong in three bytes */
        "\xe0\x9f\xbf",     /* the last of them */
        "\xf0\x80\x80\xaf", /* overlong in four bytes */
        "\xf0\x8f\xbf\xbf", /* the last of them */
        "\xed\xa0\x80",     /* surrogate U+D800 */
        "\xed\xbf\xbf",     /* surrogate U+DFFF */
        "\xf4\x90\x80\x80", /* U+110000 */
        "\xf5\x80\x80\x80", /* a first byte that is never used */
        "\xff",             /* another */
        "\xc3",             /* cut after one of two */
        "\xe2\x82",         /* cut after two of three */
        "\xf0\x9f\x98",     /* cut after three of four */
        "\xc3(",            /* a letter where a continuation should be */
        "\xe2\x28\xa1",
};

/* The first and last character of each length, and those beside the surrogates. */
static const char *const wellformed[] = {
        "",
        " ",
        "~",
        "\xc2\xa0",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xed\x9f\xbf",
        "\xee\x80\x80",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf",
        "größer – 日本語 😀",
};

Test(text, is_clean_takes_all_of_utf8)
{
        for (size_t i = 0; i < ELEMENTSOF(wellformed); i++)
                cr_expect(text_is_clean(wellformed[i], false), "wellformed[%zu]", i);
}

Test(text, is_clean_refuses_malformed_utf8)
{
        for (size_t i = 0; i < ELEMENTSOF(malformed); i++)
                cr_expect_not(text_is_clean(malformed[i], true), "malformed[%zu]", i);
}

Test(text, of_several_lines_is_clean_if_each_of_them_is)
{
        cr_expect(text_has_clean_lines(""));
        cr_expect(text_has_clean_lines("a\n\tb\n\n"));
        cr_expect_not(text_has_clean_lines("a\r\n"));
        cr_expect_not(text_has_clean_lines("a\n\x1b[2J"));
        cr_expect_not(text_has_clean_lines("a\n\xe2\x80\xae"));
        cr_expect_not(text_has_clean_lines("a\n\xff"));
        cr_expect_not(text_is_clean("a\nb", true));
}

Test(text, is_clean_refuses_every_control_character)
{
        for (unsigned code = 1; code < 0x20; code++) {
                char text[] = { 'a', (char) code, 'b', '\0' };

                cr_expect_not(text_is_clean(text, false), "U+%04X", code);
                cr_expect_eq(text_is_clean(text, true), code == '\t', "U+%04X", code);
        }
        cr_expect_not(text_is_clean("\x7f", true));
        /* U+202A to U+202E, U+2066 to U+2069; and those beside them, and the implicit marks. */
        for (unsigned last = 0x80; last < 0xc0; last++) {
                char text[] = { 'a', '\xe2', '\x80', (char) last, '\0' };

                cr_expect_neq(text_is_clean(text, true), last >= 0xaa && last <= 0xae, "U+%04X",
                              0x2000 | (last & 0x3f));
                text[2] = '\x81';
                cr_expect_neq(text_is_clean(text, true), last >= 0xa6 && last <= 0xa9, "U+%04X",
                              0x2040 | (last & 0x3f));
        }
        cr_expect(text_is_clean("\xd8\x9c", false));
        for (unsigned code = 0x80; code < 0xa0; code++) {
                char text[] = { '\xc2', (char) code, '\0' };

                cr_expect_not(text_is_clean(text, true), "U+%04X", code);
        }
}

Test(text, a_target_of_http_is_a_path_of_visible_ascii)
{
        static const char *const good[] = { "/", "/up", "//", "/a?b=c&d", "/%20~!$'()*+,;=:@[]\"\\" };
        static const char *const bad[] = { "",     "up",    "*",       "http://a/", " /",        "/ ",
                                           "/a b", "/a\tb", "/a\r\nb", "/\x7f",     "/\xc3\xa9", "/a#b" };
        char longest[HTTP_TARGET_MAX + 2] = "/";

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                cr_expect(text_is_http_target(good[i]), "%s", good[i]);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                cr_expect_not(text_is_http_target(bad[i]), "%s", bad[i]);
        memset(longest, '/', HTTP_TARGET_MAX);
        cr_expect(text_is_http_target(longest));
        longest[HTTP_TARGET_MAX] = '/';
        cr_expect_not(text_is_http_target(longest));
}

static void expect_sanitized(const char *text, size_t max, const char *expected)
{
        _cleanup_free_ char *clean = text_sanitize(text, max);

        cr_assert_not_null(clean);
        cr_expect_str_eq(clean, expected, "of “%s”", text);
        cr_expect_leq(strlen(clean), max);
        cr_expect(text_is_clean(clean, false));
}

Test(text, sanitize_leaves_clean_text_alone)
{
        for (size_t i = 0; i < ELEMENTSOF(wellformed); i++)
                if (strcmp(wellformed[i], " ") != 0)
                        expect_sanitized(wellformed[i], 100, wellformed[i]);
}

Test(text, sanitize_replaces_what_is_not_clean)
{
        expect_sanitized("a\x1b[31mb", 100, "a?[31mb");
        expect_sanitized("a\nb\tc\rd", 100, "a b c?d");
        expect_sanitized("a\xc2\x85z", 100, "a?z");
        expect_sanitized("a\xffz", 100, "a?z");
        expect_sanitized("a\xc3", 100, "a?");
        expect_sanitized("\xe2\x82z", 100, "??z");
}

Test(text, escape_sequences_are_taken_out)
{
        static const struct {
                const char *text, *expected;
        } cases[] = {
                { "", "" },
                { "no apples", "no apples" },
                { "\033[1m\033[31mno\033[0m \033[38;5;9mapples\033[K", "no apples" },
                { "\033]0;title\ano \033]8;;http://x\033\\apples", "no apples" },
                { "\033(Bno\033M apples\033=", "no apples" },
                { "no apples\033", "no apples" },
                { "no apples\033[", "no apples" },
                { "no apples\033[31", "no apples" },
                { "no apples\033]0;title", "no apples" },
                { "a\033[\nb", "a\nb" },
                { "ä\033[1m\377", "ä\377" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *text = strdup(cases[i].text);

                cr_assert_not_null(text);
                text_strip_escapes(text);
                cr_expect_str_eq(text, cases[i].expected, "of case %zu", i);
        }
}

Test(text, sanitize_drops_blanks_at_both_ends)
{
        expect_sanitized("  \t\r\n a b \t\n", 100, "a b");
        expect_sanitized(" \n ", 100, "");
        expect_sanitized("", 100, "");
}

Test(text, sanitize_cuts_at_a_character_and_says_so)
{
        expect_sanitized("12345678", 8, "12345678");
        expect_sanitized("123456789", 8, "12345…");
        expect_sanitized("1234ä678", 9, "1234ä678");
        expect_sanitized("1234ä6789", 8, "1234…");
        expect_sanitized("日本語", 9, "日本語");
        expect_sanitized("日本語x", 9, "日本…");
        expect_sanitized("日本語x", 8, "日…");
}

Test(text, format_prints)
{
        _cleanup_free_ char *text = text_format("%s=%d", "a", 5);

        cr_assert_str_eq(text, "a=5");
}

Test(text, replace_copies_and_frees)
{
        _cleanup_free_ char *target = NULL;
        char value[] = "one";

        cr_assert_eq(text_replace(&target, value), 0);
        value[0] = 'x';
        cr_assert_str_eq(target, "one");
        cr_assert_eq(text_replace(&target, "two"), 0);
        cr_assert_str_eq(target, "two");
        cr_assert_eq(text_replace(&target, NULL), 0);
        cr_assert_null(target);
}

Test(text, to_u64_takes_whole_numbers_up_to_the_bound)
{
        uint64_t number = 7;

        cr_assert_eq(text_to_u64("0", 0, &number), 0);
        cr_assert_eq(number, 0);
        cr_assert_eq(text_to_u64("120", 120, &number), 0);
        cr_assert_eq(number, 120);
        cr_assert_eq(text_to_u64("18446744073709551615", UINT64_MAX, &number), 0);
        cr_assert_eq(number, UINT64_MAX);
}

Test(text, to_u64_refuses_what_is_too_large)
{
        static const char *const large[] = { "121", "18446744073709551616", "20000000000000000000",
                                             "99999999999999999999999999" };
        uint64_t number = 7;

        for (size_t i = 0; i < ELEMENTSOF(large); i++)
                cr_expect_eq(text_to_u64(large[i], 120, &number), -ERANGE, "%s", large[i]);
        cr_expect_eq(text_to_u64("18446744073709551616", UINT64_MAX, &number), -ERANGE);
        cr_expect_eq(number, 7);
}

Test(text, to_u64_refuses_every_other_form)
{
        static const char *const wrong[] = { "",   " ",    "-1",  "+1",  " 1", "1 ", "01",
                                             "00", "0x10", "1e3", "1.0", "a",  "1a", "١" };
        uint64_t number = 7;

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                cr_expect_eq(text_to_u64(wrong[i], UINT64_MAX, &number), -EINVAL, "“%s”", wrong[i]);
        cr_expect_eq(number, 7);
}

Test(text, empty_is_null_or_no_characters)
{
        cr_expect(text_is_empty(NULL));
        cr_expect(text_is_empty(""));
        cr_expect_not(text_is_empty(" "));
        cr_expect_str_eq(text_or_empty(NULL), "");
        cr_expect_str_eq(text_or_empty("a"), "a");
}

Test(text, words_are_joined_with_something_between_two)
{
        static const char *const none[] = { NULL }, *const one[] = { "a", NULL },
                                 *const three[] = { "a", "b", "c", NULL };
        _cleanup_free_ char *nothing = text_join(none, ", "), *single = text_join(one, ", "),
                            *all = text_join(three, ", ");

        cr_expect_str_eq(nothing, "");
        cr_expect_str_eq(single, "a");
        cr_expect_str_eq(all, "a, b, c");
}

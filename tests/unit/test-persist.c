/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/persist.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include "base/text.h"

#define A16  "aaaaaaaaaaaaaaaa"
#define A128 A16 A16 A16 A16 A16 A16 A16 A16

Test(persist, names_are_directories_of_the_tree)
{
        static const char *const legal[] = {
                "",        "data",  "data,uploads", "public/uploads",  ".cache",
                "a..b/.c", "A_b-9", "data,data2/x", "a,b,c,d,e,f,g,h", A128,
        };
        static const char *const illegal[] = {
                "/data",
                "data/",
                "a//b",
                ".",
                "..",
                "...",
                "a/../b",
                "a/.",
                "./a",
                ",",
                "a,",
                ",a",
                "a,,b",
                "a b",
                "a:b",
                "a+b",
                "a\nb",
                "\xc3\xa4",
                "a,a",
                "a,a/b",
                "a/b,a",
                "a/b/c,a/b",
                "a,b,c,d,e,f,g,h,i",
                A128 "a",
        };

        for (size_t i = 0; i < ELEMENTSOF(legal); i++)
                cr_expect(persist_is_valid(legal[i]), "%s", legal[i]);
        for (size_t i = 0; i < ELEMENTSOF(illegal); i++)
                cr_expect_not(persist_is_valid(illegal[i]), "%s", illegal[i]);
}

Test(persist, a_value_is_a_list_of_names)
{
        char **names;

        cr_assert_eq(persist_split("", &names), 0);
        cr_expect_null(names[0]);
        text_free_list(names);
        cr_assert_eq(persist_split("data,public/uploads", &names), 0);
        cr_expect_str_eq(names[0], "data");
        cr_expect_str_eq(names[1], "public/uploads");
        cr_expect_null(names[2]);
        text_free_list(names);
}

Test(persist, each_has_a_directory_beside_that_of_the_app)
{
        char *directory = persist_directory(7, "public/uploads");
        uint64_t app = 0;

        cr_assert_str_eq(directory, "deployd-apps/7+public+uploads");
        free(directory);
        cr_assert_eq(persist_parse("7+public+uploads", &app), 0);
        cr_assert_eq(app, 7);
}

Test(persist, other_directories_are_of_no_app)
{
        static const char *const others[] = { "7",
                                              "+data",
                                              ".installation",
                                              "x+data",
                                              "7.aside-20260101T000000Z+data",
                                              "7.aside-20260101T000000Z",
                                              "18446744073709551616+data",
                                              "-1+data" };
        uint64_t app;

        for (size_t i = 0; i < ELEMENTSOF(others); i++)
                cr_expect_eq(persist_parse(others[i], &app), -EINVAL, "%s", others[i]);
}

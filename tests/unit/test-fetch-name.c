/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "base/macro.h"
#include "git/name.h"

static void expect(NameFault fault, const char *const *names, size_t n)
{
        for (size_t i = 0; i < n; i++)
                cr_expect_eq(name_check(names[i]), fault, "name \"%s\"", names[i]);
}

Test(fetch_name, ordinary_names_are_good)
{
        static const char *const names[] = {
                "a",      ".gitignore", ".github", ".gitmodules", ".gi",   ".gitt",  "git",   "git~2",
                "git~10", "...",        "..a",     ".a",          " ",     "-rf",    "*",     "a\\b",
                "CON",    "ü",          "名前",    "👩\u200d💻",    ".g it", ".git~1", "x.git", ".git..x",
        };

        expect(NAME_GOOD, names, ELEMENTSOF(names));
}

Test(fetch_name, names_that_lead_elsewhere_are_unsafe)
{
        static const char *const names[] = { ".", "..", "a/b", "/", "/a", "a/", "../a" };

        expect(NAME_UNSAFE, names, ELEMENTSOF(names));
}

Test(fetch_name, every_spelling_of_the_git_directory_is_unsafe)
{
        static const char *const names[] = {
                ".git",
                ".GIT",
                ".gIt",
                "git~1",
                "GIT~1",
                ".git.",
                ".git ",
                ".git. . .",
                ".git:",
                ".git::$DATA",
                ".git\\",
                ".git\\config",
                "git~1.",
                "git~1:x",
                ".g\u200cit",
                ".git\u200d",
                "\ufeff.git",
                ".\u200fgit",
                "\u206a.GIT\u206f",
                ".gi\u200et",
        };

        expect(NAME_UNSAFE, names, ELEMENTSOF(names));
}

Test(fetch_name, names_nobody_could_show_are_unclean)
{
        static const char *const names[] = { "a\nb",      "\t",           "\x1b[2J",  "\x7f",      "\xff",
                                             "a\xc0\xaf", "\xed\xa0\x80", "\xc2\x85", ".\u202egit" };

        expect(NAME_UNCLEAN, names, ELEMENTSOF(names));
}

Test(fetch_name, the_length_is_that_of_file_systems)
{
        char name[258];

        memset(name, 'x', sizeof(name));
        name[255] = '\0';
        cr_expect_eq(name_check(name), NAME_GOOD);
        name[255] = 'x';
        name[256] = '\0';
        cr_expect_eq(name_check(name), NAME_TOO_LONG);
        cr_expect_eq(name_check(""), NAME_EMPTY);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/unit-name.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/model/validate.h"

#define A10 "aaaaaaaaaa"
#define A50 A10 A10 A10 A10 A10

/* systemd's UNIT_NAME_MAX, without the final zero: unit_name_is_valid(). */
#define UNIT_NAME_LENGTH_MAX 255

/* Whether `unit` is taken apart into just this, and is made of it again. */
static void expect_round_trip(UnitKind kind, const char *name, uint64_t id, const char *process,
                              unsigned number)
{
        _cleanup_free_ char *unit = unit_name_make(kind, name, id, process, number), *again = NULL;
        _cleanup_unit_name_ UnitName parsed = {};

        cr_assert_not_null(unit);
        cr_assert_eq(unit_name_parse(unit, &parsed), 0, "%s", unit);
        cr_expect_eq(parsed.kind, kind, "%s", unit);
        cr_expect_str_eq(parsed.name, name);
        cr_expect_eq(parsed.id, id, "%s", unit);
        if (process)
                cr_expect_str_eq(parsed.process, process);
        else
                cr_expect_null(parsed.process, "%s", unit);
        cr_expect_eq(parsed.number, process ? number : 0, "%s", unit);
        again = unit_name_make(parsed.kind, parsed.name, parsed.id, parsed.process, parsed.number);
        cr_expect_str_eq(again, unit);
        cr_expect_leq(strlen(unit), (size_t) UNIT_NAME_LENGTH_MAX, "%s", unit);
}

Test(unit_name, is_what_the_documentation_says)
{
        static const struct {
                UnitKind kind;
                const char *name;
                uint64_t id;
                const char *process;
                unsigned number;
                const char *unit;
        } cases[] = {
                { UNIT_APP, "shop", 42, "web", 1, "deployd-app-shop-42.web.1.service" },
                { UNIT_APP, "my-app", 7, "x-y", 12, "deployd-app-my_app-7.x_y.12.service" },
                { UNIT_APP, "shop", 7, "x_Y", 1, "deployd-app-shop-7.x--Y.1.service" },
                { UNIT_FETCH, "my-app", 3, NULL, 0, "deployd-fetch-my_app-3.service" },
                { UNIT_RESOLVE, "shop", 3, NULL, 0, "deployd-resolve-shop-3.service" },
                { UNIT_IMPORT, "shop", 42, NULL, 0, "deployd-import-shop-42.service" },
                { UNIT_ARCHIVE, "my-app", 42, NULL, 0, "deployd-archive-my_app-42.service" },
                { UNIT_REMOVE, "release", 9, NULL, 0, "deployd-remove-release-9.service" },
                { UNIT_BUILD, "my-app", 42, NULL, 0, "deployd-build-my_app-42.service" },
                { UNIT_RELEASE, "shop", 42, NULL, 0, "deployd-release-shop-42.service" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *unit = unit_name_make(cases[i].kind, cases[i].name, cases[i].id,
                                                           cases[i].process, cases[i].number);

                cr_expect_str_eq(unit, cases[i].unit);
        }
}

Test(unit_name, a_slice_tells_its_app_and_no_other_does)
{
        static const char *const others[] = {
                "deployd-apps.slice",        "deployd-apps-.slice",       "deployd-apps-a-b.slice",
                "deployd-apps-shop.service", "deployd-apps-1.slice",      "deployd-builds.slice",
                "xdeployd-apps-shop.slice",  "deployd-apps-.slice.slice",
        };
        _cleanup_free_ char *app = NULL;

        cr_assert_eq(slice_name_parse("deployd-apps-my_app.slice", &app), 0);
        cr_expect_str_eq(app, "my-app");
        for (size_t i = 0; i < ELEMENTSOF(others); i++)
                cr_expect_eq(slice_name_parse(others[i], &app), -EINVAL, "%s", others[i]);
}

Test(unit_name, a_slice_nests_below_that_of_all_apps_whatever_the_name)
{
        static const char *const cases[][2] = {
                { "my", "deployd-apps-my.slice" },
                { "my-app", "deployd-apps-my_app.slice" },
                { "a-b-c", "deployd-apps-a_b_c.slice" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *slice = slice_name_make(cases[i][0]);

                cr_expect_str_eq(slice, cases[i][1]);
        }
}

Test(unit_name, what_is_made_is_taken_apart_again)
{
        static const char *const names[] = { "a",  "my",    "my-app", "a-b-c", "app",       "fetch",
                                             "a1", "a-1-1", "web",    "x1-2",  "service-1", A50 };
        static const char *const processes[] = { "web",  "x-y",   "w",   "web-1",          "worker",
                                                 "a-b",  "a-b-c", "w1",  A10 A10 A10 "aa", "a_b",
                                                 "a-_b", "A_",    "a__b" };
        static const uint64_t ids[] = { 1, 9, 10, 4294967296, INT64_MAX };
        static const unsigned numbers[] = { 1, 10, 9999 };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                for (size_t j = 0; j < ELEMENTSOF(ids); j++) {
                        for (UnitKind kind = UNIT_KIND_UNSET + 1; kind < UNIT_KIND_MAX; kind++)
                                if (kind != UNIT_APP)
                                        expect_round_trip(kind, names[i], ids[j], NULL, 0);
                        for (size_t k = 0; k < ELEMENTSOF(processes); k++)
                                for (size_t l = 0; l < ELEMENTSOF(numbers); l++)
                                        expect_round_trip(UNIT_APP, names[i], ids[j], processes[k],
                                                          numbers[l]);
                }
}

Test(unit_name, foreign_names_are_refused)
{
        static const char *const cases[] = {
                "",
                "deployd.service",
                "deployd-.service",
                "deployd-probe.service",
                "deployd-postgres.service",
                "deployd-postgres-15.service",
                "deployd-app-shop-42.web.1.slice",
                "deployd-app-shop-42.web.1.service.service",
                "deployd-app-shop-42.web.1.servic",
                "deployd-app-shop-42.web.1",
                "Deployd-app-shop-42.web.1.service",
                " deployd-app-shop-42.web.1.service",
                "deployd-app-shop-42.web.1.service ",
                "deployd-app-shop-42.service",
                "deployd-app-shop-42.web.service",
                "deployd-app-shop-42.1.service",
                "deployd-app-shop-42.web.web.1.service",
                "deployd-app-shop-42..1.service",
                "deployd-app-shop-42.web..service",
                "deployd-app-shop-42.web.0.service",
                "deployd-app-shop-42.web.01.service",
                "deployd-app-shop-42.web.-1.service",
                "deployd-app-shop-42.web.+1.service",
                "deployd-app-shop-42.web. 1.service",
                "deployd-app-shop-42.web.4294967296.service",
                "deployd-app-shop-42._web.1.service",
                "deployd-app-shop-42.x__y.1.service",
                "deployd-app-shop-42._x.1.service",
                "deployd-app-shop-42.x-y.1.service",
                "deployd-app-shop-42.x---y.1.service",
                "deployd-app-shop-42.--x.1.service",
                "deployd-app-shop-42.x-.1.service",
                "deployd-app-shop-.web.1.service",
                "deployd-app-shop.web.1.service",
                "deployd-app-42.web.1.service",
                "deployd-app--42.web.1.service",
                "deployd-app-shop-042.web.1.service",
                "deployd-app-shop--42.web.1.service",
                "deployd-app-shop-4 2.web.1.service",
                "deployd-app-shop-18446744073709551616.web.1.service",
                "deployd-app-Shop-42.web.1.service",
                "deployd-app-1shop-42.web.1.service",
                "deployd-app-my__app-42.web.1.service",
                "deployd-app-my_-42.web.1.service",
                "deployd-app-_my-42.web.1.service",
                "deployd-app-" A50 "a-42.web.1.service",
                "deployd-fetch-shop.service",
                "deployd-fetch-shop-1.web.1.service",
                "deployd-fetch-shop-1.1.service",
                "deployd-fetch-sh\\x2dop-1.service",
                "deployd-build-shop.service",
                "deployd-build-shop-1.web.1.service",
                "deployd-builds-shop-1.service",
                "deployd-run-shop-1.service",
                "deployd-fetchshop-1.service",
                "deployd-fetch",
                "deployd-fetch.service",
                /* Not as they are written: a dash of a name is an underscore. */
                "deployd-app-my-app-42.web.1.service",
                "deployd-app-shop-42.x-y.1.service",
                "deployd-fetch-my-app-1.service",
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_unit_name_ UnitName parsed = {};

                cr_expect_eq(unit_name_parse(cases[i], &parsed), -EINVAL, "'%s'", cases[i]);
        }
}

#define LETTERS "a1-"

/* All texts of LETTERS of 1 to `length` letters that are legal. */
static size_t make_texts(unsigned length, bool (*is_valid)(const char *), char ret[][8], size_t max)
{
        size_t n = 0, count = 1;

        for (unsigned size = 1; size <= length; size++) {
                count *= strlen(LETTERS);
                for (size_t i = 0; i < count; i++) {
                        char text[8] = "";
                        size_t rest = i;

                        for (unsigned at = 0; at < size; at++, rest /= strlen(LETTERS))
                                text[at] = LETTERS[rest % strlen(LETTERS)];
                        if (!is_valid(text))
                                continue;
                        cr_assert_lt(n, max);
                        memcpy(ret[n++], text, sizeof(text));
                }
        }
        return n;
}

static int compare_texts(const void *a, const void *b)
{
        return strcmp(*(char *const *) a, *(char *const *) b);
}

Test(unit_name, no_two_units_share_one_name)
{
        static const uint64_t ids[] = { 1, 11, 111 };
        static char names[400][8], processes[50][8];
        size_t n_names = make_texts(5, name_is_valid, names, ELEMENTSOF(names)), n = 0;
        size_t n_processes = make_texts(3, process_name_is_valid, processes, ELEMENTSOF(processes));
        size_t expected = n_names * ELEMENTSOF(ids) * (n_processes * 2 + UNIT_KIND_MAX - 2);
        _cleanup_free_ char **units = calloc(expected, sizeof(char *));

        cr_assert_gt(n_names, (size_t) 50);
        cr_assert_gt(n_processes, (size_t) 5);
        for (size_t i = 0; i < n_names; i++)
                for (size_t j = 0; j < ELEMENTSOF(ids); j++) {
                        for (UnitKind kind = UNIT_KIND_UNSET + 1; kind < UNIT_KIND_MAX; kind++)
                                if (kind != UNIT_APP)
                                        units[n++] = unit_name_make(kind, names[i], ids[j], NULL, 0);
                        for (size_t k = 0; k < n_processes; k++) {
                                units[n++] = unit_name_make(UNIT_APP, names[i], ids[j], processes[k], 1);
                                units[n++] = unit_name_make(UNIT_APP, names[i], ids[j], processes[k], 11);
                        }
                }
        cr_assert_eq(n, expected);
        qsort(units, n, sizeof(char *), compare_texts);
        for (size_t i = 1; i < n; i++)
                cr_expect_str_neq(units[i - 1], units[i]);
        for (size_t i = 0; i < n; i++)
                free(units[i]);
}

/* Either no name of ours, or the very one that what was read makes. */
static void expect_exact(const char *unit)
{
        _cleanup_unit_name_ UnitName parsed = {};
        _cleanup_free_ char *made = NULL;
        int r = unit_name_parse(unit, &parsed);

        if (r < 0) {
                cr_expect_eq(r, -EINVAL, "'%s'", unit);
                return;
        }
        made = unit_name_make(parsed.kind, parsed.name, parsed.id, parsed.process, parsed.number);
        cr_expect_str_eq(made, unit);
}

Test(unit_name, a_name_with_one_byte_changed_is_another_name_or_none)
{
        static const char *const units[] = { "deployd-app-my_app-42.x_y.1.service",
                                             "deployd-app-a-1.w.10.service",
                                             "deployd-fetch-a_b_c-10.service" };

        for (size_t i = 0; i < ELEMENTSOF(units); i++)
                for (size_t at = 0; at < strlen(units[i]); at++) {
                        char changed[80];

                        (void) stpcpy(stpncpy(changed, units[i], at), units[i] + at + 1);
                        expect_exact(changed);
                        (void) stpcpy(changed, units[i]);
                        for (int byte = 1; byte <= UINT8_MAX; byte++) {
                                changed[at] = (char) byte;
                                expect_exact(changed);
                        }
                        memmove(changed + at + 1, units[i] + at, strlen(units[i]) - at + 1);
                        for (int byte = 1; byte <= UINT8_MAX; byte++) {
                                changed[at] = (char) byte;
                                expect_exact(changed);
                        }
                }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "git/url.h"

#define ALL "http https ssh git"

static int parse(const char *text, const char *schemes, const char *paths, Url *url, char **ret_sentence)
{
        Problem problem = { .text = NULL };
        int r = url_parse(text, schemes, paths, url, &problem);

        cr_expect_eq(r < 0, problem.text != NULL, "\"%s\" fails with a sentence or not at all", text);
        if (ret_sentence)
                *ret_sentence = problem.text ? strdup(problem.text) : NULL;
        problem_clear(&problem);
        return r;
}

Test(fetch_url, network_addresses_are_passed_on_as_they_are)
{
        static const char *const good[] = {
                "https://example.com/shop.git",
                "HTTPS://EXAMPLE.com/x",
                "https://ada@example.com/x",
                "https://ada@example.com:8443/x",
                "http://[::1]/x",
                "http://[::1]:80/x",
                "ssh://git@h/~ada/x",
                "git://10.0.0.1:9418/x",
                "https://h/a%20b/ü.git",
                "https://h_1/x",
        };

        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                Url url;

                cr_expect_eq(parse(good[i], ALL, "", &url, NULL), 0, "%s", good[i]);
                cr_expect_str_eq(text_or_empty(url.address), good[i]);
                cr_expect_not(url.local);
                url_done(&url);
        }
}

Test(fetch_url, an_address_is_taken_apart)
{
        static const struct {
                const char *text, *address, *user, *host, *port, *path;
        } cases[] = {
                { "https://ada:pw@h:8443/x", "https://ada@h:8443/x", "ada", "h", "8443", NULL },
                { "https://a%40b:p%3aw@h/x", "https://a%40b@h/x", "a%40b", "h", "", NULL },
                { "git@example.com:ada/shop.git", "ssh://git@example.com/ada/shop.git", "git", "example.com",
                  "", "/ada/shop.git" },
                { "git@h:/srv/a%b", "ssh://git@h/srv/a%25b", "git", "h", "", "/srv/a%b" },
                { "[git@h:22]:x", "ssh://git@h:22/x", "git", "h", "22", "/x" },
                { "git@[::1]:x", "ssh://git@[::1]/x", "git", "[::1]", "", "/x" },
                { "ssh://h:2222/~ada/x%27", "ssh://h:2222/~ada/x%27", NULL, "h", "2222", "~ada/x'" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Url url;

                cr_expect_eq(parse(cases[i].text, ALL, "", &url, NULL), 0, "%s", cases[i].text);
                cr_expect_str_eq(text_or_empty(url.address), cases[i].address);
                cr_expect_str_eq(text_or_empty(url.user), text_or_empty(cases[i].user), "%s", cases[i].text);
                cr_expect_str_eq(text_or_empty(url.host), cases[i].host, "%s", cases[i].text);
                cr_expect_str_eq(text_or_empty(url.port), cases[i].port, "%s", cases[i].text);
                cr_expect_str_eq(text_or_empty(url.path), text_or_empty(cases[i].path), "%s", cases[i].text);
                cr_expect_eq(url.ssh, cases[i].path != NULL, "%s", cases[i].text);
                url_done(&url);
        }
}

Test(fetch_url, what_is_no_address_is_refused)
{
        static const char *const bad[] = {
                "",
                " ",
                "x",
                "./x",
                "x/y:z",
                ":",
                "://",
                "http:",
                "http:/",
                "http://",
                "http:///x",
                "http://h",
                "http://h/",
                "http://h//",
                "http://h:/x",
                "http://h:x/x",
                "http://h:80:80/x",
                "http://-h/x",
                "http://h\\x/y",
                "http://[::1/x",
                "http://[]/x",
                "http://::1/x",
                "http://h%00/x",
                "http://h h/x",
                "http://@h/x",
                "http://-u@h/x",
                "http://a@b@h/x",
                "http://h/x?y",
                "http://h/x#y",
                "http://h/\nx",
                "http://h/\xff",
                "ext::sh -c x",
                "ext::sh",
                "git@h::x",
                "git@h:-x",
                "git@-h:x",
                "-u@h:x",
                "@h:x",
                "h:x",
                "javascript:alert(1)",
                "file:x",
                "file://h/x",
                "file://",
                "ftp://h/x",
                "ssh+git://h/x",
                "file2://h/x",
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                Url url;

                cr_expect_lt(parse(bad[i], ALL " ftp ext file ssh+git", "/srv", &url, NULL), 0, "\"%s\"",
                             bad[i]);
                url_done(&url);
        }
}

Test(fetch_url, only_schemes_of_the_list_are_allowed)
{
        static const struct {
                const char *text, *schemes;
                bool allowed;
        } cases[] = {
                { "https://h/x", "https", true },  { "https://h/x", " ssh  https ", true },
                { "https://h/x", "", false },      { "https://h/x", "http", false },
                { "http://h/x", "https", false },  { "git@h:x", "https ssh", true },
                { "git@h:x", "https git", false }, { "https://h/x", "httpsx xhttps", false },
                { "HTTPS://h/x", "https", true },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Url url;

                cr_expect_eq(parse(cases[i].text, cases[i].schemes, "", &url, NULL) == 0, cases[i].allowed,
                             "%s with \"%s\"", cases[i].text, cases[i].schemes);
                url_done(&url);
        }
}

Test(fetch_url, the_password_is_found_and_never_repeated)
{
        static const struct {
                const char *text, *password;
        } cases[] = {
                { "https://ada:hunter-17x@h/x", "hunter-17x" },
                { "https://ada:hunter%2D17x@h/x", "hunter-17x" },
                { "ftp://ada:hunter-17x@h/x", "hunter-17x" },
                { "https://ada:hunter-17x@h:y/x", "hunter-17x" },
                { "https://ada:hunter-17x@h", "hunter-17x" },
                { "https://ada:hunter-17x%@h/x", "hunter-17x%" },
                { "https://ada:@h/x", NULL },
                { "https://ghp_hunter17x@h/x", "ghp_hunter17x" },
                { "https://ada@h/x", NULL },
                { "ada:hunter-17x@h:x", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *sentence = NULL;
                Url url;

                (void) parse(cases[i].text, "https", "", &url, &sentence);
                cr_expect_eq(url.password != NULL, cases[i].password != NULL, "%s", cases[i].text);
                if (url.password && cases[i].password)
                        cr_expect_str_eq(url.password, cases[i].password);
                cr_expect_null(sentence ? strstr(sentence, "hunter") : NULL, "%s: %s", cases[i].text,
                               sentence);
                url_done(&url);
        }
}

Test(fetch_url, problems_hide_the_secret_and_the_logins_of_other_urls)
{
        Problem problem = { .secret = "hunter-17x" };

        cr_expect_lt(
                problem_set(&problem, PROBLEM_REMOTE, "a hunter-17x b http://u:p@w@h/x\x1b '%s'", "x://y@z"),
                0);
        cr_expect_str_eq(problem.text, "a *** b http://***@h/x? 'x://***@z'");
        problem_clear(&problem);

        problem.secret = "a";
        cr_expect_lt(problem_set(&problem, PROBLEM_REMOTE, "banana"), 0);
        cr_expect_str_eq(problem.text, "banana", "a secret shorter than a word is not looked for");
        problem_clear(&problem);
}

/* The least that looks like a repository. */
static void make_repository(const char *path)
{
        static const char *const entries[] = { "", "/objects", "/refs", "/HEAD" };

        for (size_t i = 0; i < ELEMENTSOF(entries); i++) {
                _cleanup_free_ char *entry = text_format("%s%s", path, entries[i]);

                cr_assert_eq(mkdir(entry, 0700), 0);
        }
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *place)
{
        (void) st;
        (void) type;
        (void) place;
        return remove(path);
}

Test(fetch_url, local_paths_are_resolved_before_they_are_judged)
{
        char root[] = "/tmp/test-fetch-url-XXXXXX";
        static const struct {
                const char *path;
                int result;
                const char *why;
        } cases[] = {
                { "allowed/x", 0, "below the directory" },
                { "allowed/../allowed/./x", 0, "below the directory, with detours" },
                { "allowed/in", 0, "a symlink that stays inside" },
                { "allowed", -EREMOTEIO, "the directory itself is no repository" },
                { "allowed/out", -EREMOTEIO, "a symlink that leads out" },
                { "allowed/../allowed-not", -EREMOTEIO, "a detour that leads out" },
                { "allowed-not", -EREMOTEIO, "a name that only begins the same" },
                { "link/x", -EREMOTEIO, "not as the configuration writes it" },
                { "allowed/none", -EREMOTEIO, "nothing there" },
        };
        _cleanup_free_ char *allowed = NULL;

        cr_assert_not_null(mkdtemp(root));
        allowed = text_format("/none %s/allowed/", root);
        cr_assert_eq(chdir(root), 0);
        cr_assert_eq(mkdir("allowed", 0700), 0);
        make_repository("allowed/x");
        make_repository("allowed-not");
        cr_assert_eq(symlink("../allowed-not", "allowed/out"), 0);
        cr_assert_eq(symlink("x", "allowed/in"), 0);
        cr_assert_eq(symlink("allowed", "link"), 0);

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *path = text_format("%s/%s", root, cases[i].path);
                _cleanup_free_ char *address = text_format("file://%s", path);
                _cleanup_free_ char *real = realpath(path, NULL);
                Url url;

                cr_expect_eq(parse(path, "", allowed, &url, NULL), cases[i].result, "%s", cases[i].why);
                if (cases[i].result == 0)
                        cr_expect_str_eq(text_or_empty(url.address), real);
                cr_expect(url.local);
                url_done(&url);
                cr_expect_eq(parse(address, "", allowed, &url, NULL), cases[i].result, "%s", cases[i].why);
                url_done(&url);
                cr_expect_lt(parse(path, ALL " file", "", &url, NULL), 0, "no directory is allowed");
                url_done(&url);
        }
        cr_expect_eq(nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/validate.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct Case {
        const char *text;
        bool is_legal;
} Case;

#define A10 "aaaaaaaaaa"
#define A50 A10 A10 A10 A10 A10

static void walk(const Case cases[], size_t n, bool (*is_valid)(const char *text))
{
        for (size_t i = 0; i < n; i++)
                cr_assert_eq(is_valid(cases[i].text), cases[i].is_legal, "'%s'", cases[i].text);
}

Test(validate, names_are_slugs)
{
        static const Case cases[] = {
                { "a", true },     { "shop", true },      { "my-shop", true }, { "a1", true },
                { "a-1-b", true }, { A50, true },         { A50 "a", false },  { "", false },
                { "-a", false },   { "a-", false },       { "a--b", false },   { "1a", false },
                { "A", false },    { "a_b", false },      { "a.b", false },    { "a b", false },
                { "a/b", false },  { "\xc3\xa4", false }, { "a\n", false },    { "a\n[Service]", false },
                { "a;b", false },
        };

        walk(cases, ELEMENTSOF(cases), name_is_valid);
}

Test(validate, names_of_processes_are_those_of_other_platforms)
{
        static const Case cases[] = {
                { "web", true },
                { "clock-1", true },
                { A10 A10 A10 "aa", true },
                { A10 A10 A10 "aaa", false },
                { "", false },
                { "web.1", false },
                { "web-", false },
                { "we--b", false },
                { "Web", true },
                { "celery_beat", true },
                { "w_", true },
                { "_web", false },
                { "1web", false },
                { "w\xc3\xa4", false },
        };

        walk(cases, ELEMENTSOF(cases), process_name_is_valid);
}

/* Each rule of git-check-ref-format(1) has a row. */
Test(validate, revisions_are_reference_names)
{
        static const Case cases[] = {
                { "main", true },
                { "feature/x", true },
                { "v1.0", true },
                { "refs/heads/main", true },
                { "1f0c2d3", true },
                { "0123456789012345678901234567890123456789", true },
                { "\xc3\xa4\xc3\xb6", true },
                { "a@b", true },
                { "a-", true },
                { A50 A50 A50 A50, true },
                { A50 A50 A50 A50 "a", false },
                { "", false },
                { ".hidden", false },
                { "a/.hidden", false },
                { "a.lock", false },
                { "a.lock/b", false },
                { "a..b", false },
                { "a b", false },
                { "a\tb", false },
                { "a\x7f", false },
                { "a~1", false },
                { "a^", false },
                { "a:b", false },
                { "a?", false },
                { "a*", false },
                { "a[b", false },
                { "/a", false },
                { "a/", false },
                { "a//b", false },
                { "a.", false },
                { "a@{1}", false },
                { "@", false },
                { "a\\b", false },
                { "-a", false },
                { "--upload-pack=x", false },
                { "a\n[Service]", false },
                { "a\xff", false },
        };

        walk(cases, ELEMENTSOF(cases), revision_is_valid);
}

Test(validate, commits_are_forty_hexadecimal_digits)
{
        static const Case cases[] = {
                { "0123456789abcdef0123456789abcdef01234567", true },
                { "0123456789abcdef0123456789abcdef0123456", false },
                { "0123456789abcdef0123456789abcdef012345678", false },
                { "0123456789ABCDEF0123456789abcdef01234567", false },
                { "g123456789abcdef0123456789abcdef01234567", false },
                { "", false },
        };

        walk(cases, ELEMENTSOF(cases), commit_is_valid);
}

Test(validate, directories_stay_below_the_root)
{
        static const Case cases[] = {
                { "", true },        { "web", true },   { "web/shop", true },   { "a b", true },
                { ".config", true }, { "a..b", true },  { "...", true },        { "/", false },
                { "/web", false },   { "web/", false }, { "web//shop", false }, { ".", false },
                { "..", false },     { "../x", false }, { "a/../b", false },    { "a/.", false },
                { "a/./b", false },  { "a\nb", false }, { "a\xff", false },
        };
        char longest[DIRECTORY_LENGTH_MAX + 2];

        walk(cases, ELEMENTSOF(cases), directory_is_valid);
        memset(longest, 'a', sizeof(longest));
        longest[DIRECTORY_LENGTH_MAX] = '\0';
        cr_assert(directory_is_valid(longest));
        longest[DIRECTORY_LENGTH_MAX] = 'a';
        longest[DIRECTORY_LENGTH_MAX + 1] = '\0';
        cr_assert_not(directory_is_valid(longest));
}

Test(validate, readiness_is_one_of_two_words)
{
        static const Case cases[] = {
                { "port", true },  { "notify", true },   { "", false },
                { "Port", false }, { "notify ", false }, { "http", false },
        };

        walk(cases, ELEMENTSOF(cases), readiness_is_valid);
}

Test(validate, a_path_to_check_is_printable_ascii_from_the_root)
{
        static const Case cases[] = {
                { "", true },
                { "/", true },
                { "/up", true },
                { "/up/?a=1&b=%20~!", true },
                { "up", false },
                { " /up", false },
                { "/a b", false },
                { "/a\tb", false },
                { "/a\r\nHost: x", false },
                { "/a\x7f", false },
                { "/\xc3\xa4", false },
                { "http://x/", false },
        };
        char longest[HTTP_TARGET_MAX + 2] = "/";

        walk(cases, ELEMENTSOF(cases), health_check_path_is_valid);
        memset(longest + 1, 'a', HTTP_TARGET_MAX - 1);
        cr_assert(health_check_path_is_valid(longest));
        longest[HTTP_TARGET_MAX] = 'a';
        cr_assert_not(health_check_path_is_valid(longest));
}

Test(validate, a_build_command_is_one_line)
{
        static const Case cases[] = {
                { "", true },         { "npm run build && echo \"$A\" 'b' | cat > c; d &", true },
                { "\xc3\xa4", true }, { "a\nb", false },
                { "a\tb", false },    { "a\x1b[31m", false },
                { "a\xff", false },
        };
        char longest[BUILD_COMMAND_LENGTH_MAX + 2] = "";

        walk(cases, ELEMENTSOF(cases), build_command_is_valid);
        memset(longest, 'a', BUILD_COMMAND_LENGTH_MAX);
        cr_assert(build_command_is_valid(longest));
        longest[BUILD_COMMAND_LENGTH_MAX] = 'a';
        cr_assert_not(build_command_is_valid(longest));
}

static char https[] = "https", ssh[] = "ssh", srv_git[] = "/srv/git", home[] = "/home/git/";
static char *const schemes[] = { https, ssh, NULL };
static char *const local_paths[] = { srv_git, home, NULL };
static char *const none[] = { NULL };

Test(validate, addresses_are_those_of_the_configuration)
{
        static const Case cases[] = {
                { "https://example.com/shop.git", true },
                { "https://example.com:8443/a/b", true },
                { "https://me@example.com/a", true },
                { "https://192.0.2.1/a", true },
                { "https://[2001:db8::1]/a", true },
                { "https://[2001:db8::1]:8443/a", true },
                { "ssh://git@example.com/a", true },
                { "ssh://git@example.com:2222/~me/a", true },
                { "git@example.com:a/b.git", true },
                { "git@example.com:/a/b.git", true },
                { "/srv/git/shop.git", true },
                { "/srv/git", true },
                { "/srv/git/my shop", true },
                { "/home/git/x", true },
                { "file:///srv/git/shop.git", true },

                { "", false },
                { "shop", false },
                { "example.com/shop", false },
                { "http://example.com/a", false },
                { "git://example.com/a", false },
                { "HTTPS://example.com/a", false },
                { "ext::sh -c id", false },
                { "javascript://example.com/a", false },
                { "https:/example.com/a", false },
                { "https://", false },
                { "https:///a", false },
                { "https://example.com", false },
                { "https://example.com/", false },
                { "https://example.com:/a", false },
                { "https://example.com:0/a", false },
                { "https://example.com:65536/a", false },
                { "https://example.com:8 0/a", false },
                { "https://example.com:080/a", false },
                { "https://-example.com/a", false },
                { "https://exa mple.com/a", false },
                { "https://[example]/a", false },
                { "https://[::1/a", false },
                { "https://example.com/a b", false },
                { "https://example.com/a?token=1", false },
                { "https://example.com/a#b", false },
                { "https://example.com/a\n[Service]", false },
                { "https://example.com/\xff", false },
                { "https://@example.com/a", false },
                { "https://-me@example.com/a", false },
                { "https://me:p%0aw@example.com/a", false },
                { "ssh://me:pw@example.com/a", false },
                { "ssh+git://me@example.com/a", false },
                { "git+ssh://me@example.com/a", false },
                { "ssh://-oProxyCommand=id/a", false },
                { "git@-example.com:a", false },
                { "git@example.com:-a", false },
                { "git@example.com:", false },
                { "me:pw@example.com:a", false },
                { "/etc/passwd", false },
                { "/srv/gitx/a", false },
                { "/srv", false },
                { "/", false },
                { "/srv/git/../x", false },
                { "/srv/git/./x", false },
                { "/srv/git//x", false },
                { "/srv/git/", false },
                { "/home/gitx", false },
                { "file://srv/git/a", false },
                { "file://localhost/srv/git/a", false },
                { "file:///etc", false },
                { "file:///srv/git/%2e%2e/%2e%2e/etc", false },
                { "srv/git/a", false },
                { "./a", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char *reason = NULL;
                GitAddress address;
                int r = url_check(cases[i].text, schemes, local_paths, &address, &reason);

                cr_assert_eq(r, cases[i].is_legal ? 0 : -EINVAL, "'%s': %s", cases[i].text,
                             reason ? reason : "legal");
                cr_assert_eq(reason == NULL, cases[i].is_legal);
                if (reason) {
                        const char *allowed = strstr(reason, "allowed are https://");

                        cr_assert(allowed && strstr(allowed, "/srv/git"), "%s", reason);
                        cr_assert(strstr(allowed, "ssh://HOST/PATH"), "%s", reason);
                }
                git_address_done(&address);
                free(reason);
        }
}

Test(validate, an_address_has_a_longest_length)
{
        char url[URL_LENGTH_MAX + 2] = "https://example.com/";
        GitAddress address;
        char *reason = NULL;
        size_t used = strlen(url);

        memset(url + used, 'a', sizeof(url) - used - 1);
        cr_assert_eq(url_check(url, schemes, none, &address, &reason), -EINVAL);
        cr_assert(strstr(reason, "2048"));
        free(reason);
        url[URL_LENGTH_MAX] = '\0';
        cr_assert_eq(url_check(url, schemes, none, &address, &reason), 0);
        git_address_done(&address);
        /* A URL takes more than the short form that it is made of. */
        (void) memcpy(url, "git@example.com:%%%%", strlen("git@example.com:%%%%"));
        cr_assert_eq(url_check(url, schemes, none, &address, &reason), -EINVAL);
        free(reason);
}

Test(validate, nothing_is_legal_if_nothing_is_allowed)
{
        static const char *const urls[] = { "https://example.com/a", "git@example.com:a", "/srv/git/a",
                                            "file:///srv/git/a" };

        for (size_t i = 0; i < ELEMENTSOF(urls); i++) {
                GitAddress address;
                char *reason = NULL;

                cr_assert_eq(url_check(urls[i], none, none, &address, &reason), -EINVAL);
                cr_assert(strstr(reason, "allowed are none"), "%s", reason);
                free(reason);
        }
}

Test(validate, a_reason_shows_no_password)
{
        static const char *const urls[] = {
                "ssh://me:s3cret@example.com/a", "http://me:s3cret@example.com/a",
                "https://me:s3cret@example.com", "https://me:s3/cret@example.com/a",
                "me:s3cret@example.com:a",       "s3cret@@example.com:a",
                "https://me:s3cret@@/a",
        };

        for (size_t i = 0; i < ELEMENTSOF(urls); i++) {
                GitAddress address;
                char *reason = NULL;

                cr_assert_eq(url_check(urls[i], schemes, local_paths, &address, &reason), -EINVAL, "%s",
                             urls[i]);
                cr_assert_not(strstr(reason, "s3"), "%s", reason);
                free(reason);
        }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <errno.h>

#include "daemon/model/validate.h"

static char https[] = "https", ssh[] = "ssh", srv[] = "/srv/git";
static char *const schemes[] = { https, ssh, NULL }, *const none[] = { NULL },
                   *const local_paths[] = { srv, NULL };

Test(git_address, what_is_kept_of_an_address_has_no_password)
{
        static const struct {
                const char *text, *url, *password;
        } cases[] = {
                { "https://me:s3cret@example.com/a", "https://me@example.com/a", "s3cret" },
                { "https://me:s3%3Acr%65t@example.com/a", "https://me@example.com/a", "s3:cret" },
                { "https://me:p@w@example.com/a", "https://me@example.com/a", "p@w" },
                { "https://:s3cret@example.com/a", "https://example.com/a", "s3cret" },
                { "https://me:@example.com/a", "https://me@example.com/a", NULL },
                { "https://me@example.com/a", "https://me@example.com/a", NULL },
                { "https://github_pat_1Ab@example.com/a", "https://example.com/a", "github_pat_1Ab" },
                { "https://ghp_1Ab:x-oauth-basic@example.com/a", "https://example.com/a", "ghp_1Ab" },
                { "git@example.com:me/a.git", "ssh://git@example.com/me/a.git", NULL },
                { "git@example.com:/a", "ssh://git@example.com/a", NULL },
                { "git@example.com:~me/a", "ssh://git@example.com/~me/a", NULL },
                { "[git@example.com:2222]:a", "ssh://git@example.com:2222/a", NULL },
                { "/srv/git/a@b:c", "/srv/git/a@b:c", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                GitAddress address;
                char *reason = NULL;

                cr_assert_eq(url_check(cases[i].text, schemes, local_paths, &address, &reason), 0, "%s: %s",
                             cases[i].text, text_or_empty(reason));
                cr_expect_str_eq(address.url, cases[i].url);
                cr_expect_eq(address.password != NULL, cases[i].password != NULL, "%s", cases[i].text);
                if (address.password && cases[i].password)
                        cr_expect_str_eq(address.password, cases[i].password);
                git_address_done(&address);
        }
}

Test(git_address, a_scheme_of_old_is_refused_with_the_one_to_use)
{
        GitAddress address;
        char *reason = NULL;

        cr_assert_eq(url_check("git+ssh://git@example.com/a", schemes, none, &address, &reason), -EINVAL);
        cr_expect(strstr(reason, "ssh://USER@HOST/PATH"), "%s", reason);
        free(reason);
}

Test(git_address, an_origin_is_where_a_secret_goes)
{
        static const struct {
                const char *url, *origin;
        } cases[] = {
                { "https://me@Example.com:8443/a/b@c", "https://example.com:8443" },
                { "HTTPS://example.com/a", "https://example.com" },
                { "ssh://git@h/a", "ssh://h" },
                { "/srv/git/a", "" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char *origin = git_address_origin(cases[i].url);

                cr_expect_str_eq(origin, cases[i].origin);
                free(origin);
        }
        cr_expect(git_address_takes_password("https://h/x"));
        cr_expect(git_address_takes_password("http://127.0.0.1:80/x"));
        cr_expect(git_address_takes_password("http://me@localhost/x"));
        cr_expect_not(git_address_takes_password("http://h/x"));
        cr_expect_not(git_address_takes_password("http://127.0.0.1.h/x"));
        cr_expect_not(git_address_takes_password("http://127.0.0.1@h/x"));
        cr_expect_not(git_address_takes_password("ssh://127.0.0.1/x"));
}

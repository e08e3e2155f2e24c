/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/credential-kind.h"
#include "base/text.h"

/* As ssh-keygen(1) begins and ends its files. */
#define PLAIN                                                                      \
        "-----BEGIN OPENSSH PRIVATE KEY-----\n"                                    \
        "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n" \
        "-----END OPENSSH PRIVATE KEY-----\n"
#define LOCKED                                                                     \
        "-----BEGIN OPENSSH PRIVATE KEY-----\n"                                    \
        "b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABBnDm8hb0\n" \
        "-----END OPENSSH PRIVATE KEY-----\n"
#define PEM "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n"

static const char *clean(const char *text, size_t size, char **ret)
{
        const char *wrong = NULL;
        size_t n = 0;
        int r = credential_clean(text, size, ret, &n, &wrong);

        cr_expect_eq(r, wrong ? -EINVAL : 0);
        cr_expect(wrong || strlen(*ret) == n);
        return wrong;
}

Test(credential, what_is_kept_is_a_key_or_a_line)
{
        static const struct {
                const char *text, *kept;
        } cases[] = {
                { PLAIN, PLAIN },
                { PEM, PEM },
                { "-----BEGIN RSA PRIVATE KEY-----\r\nMIIE\r\n-----END RSA PRIVATE KEY-----", PEM },
                { PEM "\n\n", PEM },
                { "token", "token" },
                { "token\n", "token" },
                { "token\r\n", "token" },
                { "a token: ü", "a token: ü" },
                { "", "" },
                { "\n", "" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char *kept = NULL;
                const char *wrong = clean(cases[i].text, strlen(cases[i].text), &kept);

                cr_expect_null(wrong, "%s: %s", cases[i].text, wrong);
                cr_expect_str_eq(text_or_empty(kept), cases[i].kept);
                cr_expect_eq(credential_is_key(text_or_empty(kept), strlen(text_or_empty(kept))),
                             cases[i].text[0] == '-');
                free(kept);
        }
}

Test(credential, what_is_refused_is_said)
{
        static const struct {
                const char *text, *part;
        } cases[] = {
                { LOCKED, "has a passphrase" },
                { "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIE\n-----END ENCRYPTED PRIVATE KEY-----\n",
                  "has a passphrase" },
                { "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIE\n-----END RSA PRIVATE KEY-----\n",
                  "has a passphrase" },
                { "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----\n", "no private key" },
                { "-----BEGIN PUBLIC KEY-----\nMIIE\n-----END PUBLIC KEY-----\n", "no private key" },
                { "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n", "the end of the key is missing" },
                { "ssh-ed25519 AAAA me\n", "public half" },
                { "PuTTY-User-Key-File-3: ssh-ed25519\n", "PuTTY" },
                { "two\nlines", "one line" },
                { "\x1b[31m", "one line" },
                { "\xff", "one line" },
        };
        char long_text[CREDENTIAL_SIZE_MAX + 2], *kept = NULL;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const char *wrong = clean(cases[i].text, strlen(cases[i].text), &kept);

                cr_expect(wrong && strstr(wrong, cases[i].part), "%s: %s", cases[i].text, wrong);
                cr_expect_null(kept);
        }
        cr_expect(strstr(text_or_empty(clean("a\0b", 3, &kept)), "NUL"));
        memset(long_text, 'x', sizeof(long_text));
        cr_expect(strstr(text_or_empty(clean(long_text, CREDENTIAL_SIZE_MAX + 1, &kept)), "16 KiB"));
        cr_expect(strstr(text_or_empty(clean(long_text, TOKEN_LENGTH_MAX + 1, &kept)), "2048"));
        cr_expect_null(clean(long_text, TOKEN_LENGTH_MAX, &kept));
        free(kept);
}

Test(credential, it_fits_the_address)
{
        static const struct {
                const char *url;
                bool token, key;
        } cases[] = {
                { "https://h/x", true, false },        { "ssh://git@h/x", false, true },
                { "http://h/x", false, false },        { "http://127.0.0.1/x", true, false },
                { "git://h/x", false, false },         { "/srv/git/x", false, false },
                { "file:///srv/git/x", false, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                cr_expect_eq(credential_misfit(false, cases[i].url) == NULL, cases[i].token, "%s",
                             cases[i].url);
                cr_expect_eq(credential_misfit(true, cases[i].url) == NULL, cases[i].key, "%s",
                             cases[i].url);
        }
}

Test(credential, it_goes_where_it_was_given_for)
{
        static const struct {
                const char *given, *text, *url;
                bool is_for;
        } cases[] = {
                { "https://me@h/x", "token", "https://h/y", true },
                { "https://h/x", "token", "https://H/y", true },
                { "https://h/x", "token", "https://h:444/x", false },
                { "https://h/x", "token", "https://i/x", false },
                { "https://h/x", "token", "https://h.i/x", false },
                { "https://127.0.0.1/x", "token", "http://127.0.0.1/x", false },
                { "https://h/x", "token", "ssh://h/x", false },
                { "ssh://h/x", PLAIN, "ssh://i/x", true },
                { "ssh://h/x", PLAIN, "https://h/x", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char *bound = credential_bind(cases[i].given, cases[i].text);

                cr_assert_not_null(bound);
                cr_expect_str_eq(credential_unbind(bound), cases[i].text);
                cr_expect_eq(credential_is_for(bound, cases[i].url), cases[i].is_for, "%s, %s",
                             cases[i].given, cases[i].url);
                free(bound);
        }
        cr_expect_null(credential_unbind("token"));
        cr_expect_not(credential_is_for("https://h\n", "https://h/x"));
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "base/text.h"
#include "tests/dbus/fixture.h"

/* What repositories are reached with. */
BUS_SUITE(credential_bus);

#define URL "https://git.example/shop.git"
#define KEY "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n"

#define OBJECT(client, member, ...) \
        client, BUS_PATH_REPOSITORY "/code", BUS_INTERFACE_REPOSITORY, member, __VA_ARGS__
#define REPOSITORY(member, ...) OBJECT(fixture.client, member, __VA_ARGS__)
#define CREATE(...) \
        fixture.client, BUS_PATH, BUS_INTERFACE_MANAGER, "CreateRepository", "sssa{sv}", "code", __VA_ARGS__

#define asked_is(wanted)                                                                     \
        cr_assert_str_eq(fixture.pipeline.asked ? fixture.pipeline.asked : "", wanted, "%s", \
                         fixture.pipeline.asked)

#define INVALID_ARGS  "org.freedesktop.DBus.Error.InvalidArgs"
#define ACCESS_DENIED "org.freedesktop.DBus.Error.AccessDenied"

static sd_bus_message *set_credential(const char *bytes, size_t size)
{
        sd_bus_message *message = fixture_new_call(fixture.client, BUS_PATH_REPOSITORY "/code",
                                                   BUS_INTERFACE_REPOSITORY, "SetCredential");

        cr_assert(sd_bus_message_open_container(message, 'v', "ay") >= 0);
        cr_assert(sd_bus_message_append_array(message, 'y', bytes, size) >= 0);
        cr_assert(sd_bus_message_close_container(message) >= 0);
        return fixture_send(fixture.client, message);
}

static void sets(const char *text)
{
        sd_bus_message *answer = set_credential(text, strlen(text));

        cr_assert_not(sd_bus_message_is_method_error(answer, NULL), "%s", text);
        sd_bus_message_unref(answer);
}

static void refuses(const char *part, const char *bytes, size_t size)
{
        sd_bus_message *answer = set_credential(bytes, size);

        fixture_check_error(answer, INVALID_ARGS, part, __LINE__);
        sd_bus_message_unref(answer);
}

Test(credential_bus, a_token_is_kept_for_https)
{
        (void) text_replace(&fixture_repository("code")->git_url, URL);
        sets("s3cret\n");
        fixture_property_is("1", BUS_PATH_REPOSITORY "/code", BUS_INTERFACE_REPOSITORY, "HasCredential");
        sets("");
        fixture_property_is("0", BUS_PATH_REPOSITORY "/code", BUS_INTERFACE_REPOSITORY, "HasCredential");
        asked_is("repository_set_credential code [s3cret] uid=0\n"
                 "repository_set_credential code [] uid=0\n");
        fixture_expect_signals("added /repository/code\nchanged /repository/code GitUrl=" URL
                               " HasCredential=1\n"
                               "changed /repository/code HasCredential=0\n");
}

Test(credential_bus, what_is_of_no_use_is_refused)
{
        Repository *repository = fixture_repository("code");

        (void) text_replace(&repository->git_url, URL);
        refuses("over ssh only", KEY, strlen(KEY));
        refuses("one line", "a\nb", 3);
        refuses("NUL", "a\0b", 3);
        fixture_fails(INVALID_ARGS, "as ay", REPOSITORY("SetCredential", "v", "s", "s3cret"));
        fixture_fails(INVALID_ARGS, "as ay", REPOSITORY("SetCredential", "v", "h", 0));
        fixture_fails(INVALID_ARGS, "over ssh only", REPOSITORY("GenerateKey", NULL));
        (void) text_replace(&repository->git_url, "ssh://git@git.example/x");
        refuses("takes a private key", "s3cret", strlen("s3cret"));
        (void) text_replace(&repository->git_url, "http://git.example/x");
        refuses("https only", "s3cret", strlen("s3cret"));
        fixture_fails(INVALID_ARGS, "lines of ASCII",
                      REPOSITORY("SetKnownHosts", "s", "h ssh-rsa \xc3\xbc"));
        asked_is("");
}

Test(credential_bus, a_key_is_made_and_its_public_half_returned)
{
        sd_bus_message *answer;
        const char *text;

        (void) text_replace(&fixture_repository("code")->git_url, "ssh://git@git.example/x");
        answer = fixture_call(REPOSITORY("GenerateKey", NULL));
        cr_assert(sd_bus_message_read(answer, "s", &text) > 0);
        cr_assert_str_eq(text, "ssh-ed25519 AAAA deployd");
        sd_bus_message_unref(answer);
        sets(KEY);
        fixture_succeeds(REPOSITORY("SetKnownHosts", "s", "git.example ssh-ed25519 AAAA\n"));
        fixture.pipeline.error_later = "org.freedesktop.DBus.Error.Failed";
        fixture_fails("org.freedesktop.DBus.Error.Failed", "", REPOSITORY("GenerateKey", NULL));
        asked_is("repository_generate_key code\n"
                 "repository_set_credential code [" KEY "] uid=0\n"
                 "repository_set_known_hosts code [git.example ssh-ed25519 AAAA\n] uid=0\n"
                 "repository_generate_key code\n");
}

Test(credential_bus, a_repository_comes_with_its_credential)
{
        fixture_succeeds(
                CREATE(URL, "", 2, "credential", "ay", 3, 'a', 'b', '\n', "known-hosts", "s", "h k"));
        asked_is("repository_create code " URL " [] credential ab known-hosts h k uid=0\n");
}

Test(credential_bus, a_password_in_the_address_is_split_off)
{
        fixture_succeeds(CREATE("https://me:s3%63ret@git.example/shop.git", "", 0));
        fixture_property_is("https://me@git.example/shop.git", BUS_PATH_REPOSITORY "/code",
                            BUS_INTERFACE_REPOSITORY, "GitUrl");
        fixture_succeeds(REPOSITORY("SetGitUrl", "s", "https://ghp_1a@git.example/x"));
        fixture_property_is("https://git.example/x", BUS_PATH_REPOSITORY "/code", BUS_INTERFACE_REPOSITORY,
                            "GitUrl");
        asked_is("repository_create code https://me@git.example/shop.git [] credential s3cret uid=0\n"
                 "repository_set_git_url code https://git.example/x credential ghp_1a uid=0\n");
}

Test(credential_bus, one_credential_is_enough)
{
        fixture_fails(INVALID_ARGS, "one of them",
                      CREATE("https://me:s3cret@git.example/x", "", 1, "credential", "ay", 1, 'a'));
        fixture_fails(INVALID_ARGS, "a private key",
                      CREATE("ssh://git@git.example/x", "", 1, "credential", "ay", 1, 'a'));
        fixture_fails(INVALID_ARGS, "type ay, not s", CREATE(URL, "", 1, "credential", "s", "s3cret"));
        asked_is("");
}

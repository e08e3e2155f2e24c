/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <sys/stat.h>

#include "base/names.h"
#include "daemon/pipeline/call.h"
#include "tests/pipeline/fixture.h"

/* What a repository is reached with: where it is kept, and who gets it. */

PIPELINE_SUITE(access);

#define KEY                "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n"
#define FILE_OF_CREDENTIAL PATH_CREDENTIALS "/1/credential"
#define FILE_OF_HOSTS      PATH_CREDENTIALS "/1/known-hosts"

static Repository *repository(void)
{
        return model_repository(fixture.model, "goods");
}

static void set_credential(const char *text)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        Call call = answer_call();

        cr_assert_eq(repository_set_credential(fixture.pipeline, repository(), text, &call, &error), 0);
        cr_assert(answer.done);
}

static void set_known_hosts(const char *text)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        Call call = answer_call();

        cr_assert_eq(repository_set_known_hosts(fixture.pipeline, repository(), text, &call, &error), 0);
        cr_assert(answer.done);
}

static void set_git_url(const char *url, const char *credential)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        Call call = answer_call();

        cr_assert_eq(repository_set_git_url(fixture.pipeline, repository(), url, credential, &call, &error),
                     0);
        loop_run();
        cr_assert(answer.done);
        cr_assert_str_eq(repository()->git_url, url);
}

/* The file has exactly this, for root alone; NULL = there is none. */
static void file_is(const char *path, const char *wanted)
{
        _cleanup_file_ FILE *file = fopen(path, "re");
        char text[1024] = "";
        struct stat st;

        cr_assert_eq(file != NULL, wanted != NULL, "%s", path);
        if (!file || !wanted)
                return;
        text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
        cr_assert_str_eq(text, wanted);
        cr_assert_eq(stat(path, &st), 0);
        cr_assert_eq(st.st_mode & 07777, 0600);
        cr_assert_eq(stat(PATH_CREDENTIALS "/1", &st), 0);
        cr_assert_eq(st.st_mode & 07777, 0700);
        cr_assert_eq(stat(PATH_CREDENTIALS, &st), 0);
        cr_assert_eq(st.st_mode & 07777, 0700);
}

Test(access, a_credential_is_a_file_for_root_alone)
{
        set_credential("s3cret");
        set_known_hosts("git.example ssh-ed25519 AAAA\n");
        cr_assert(repository()->has_credential);
        file_is(FILE_OF_CREDENTIAL, "https://git.example\ns3cret");
        file_is(FILE_OF_HOSTS, "git.example ssh-ed25519 AAAA\n");
        set_credential("an0ther");
        file_is(FILE_OF_CREDENTIAL, "https://git.example\nan0ther");
}

Test(access, without_one_a_fetch_is_handed_nothing)
{
        fixture_go_live();
        cr_assert_str_eq(fake_units.places[UNIT_FETCH], "");
}

Test(access, only_a_fetch_is_handed_it)
{
        set_credential("s3cret");
        set_known_hosts("git.example ssh-ed25519 AAAA\n");
        fixture_go_live();
        cr_assert_str_eq(fake_units.places[UNIT_FETCH],
                         "credential " FILE_OF_CREDENTIAL "\nknown-hosts " FILE_OF_HOSTS "\n");
        for (UnitKind kind = UNIT_KIND_UNSET + 1; kind < UNIT_KIND_MAX; kind++)
                if (kind != UNIT_FETCH && fake_units.places[kind])
                        cr_assert_not(strstr(fake_units.places[kind], PATH_CREDENTIALS), "%d", (int) kind);
}

Test(access, none_clears_it)
{
        set_credential("s3cret");
        set_credential("");
        set_credential("");
        cr_assert_not(repository()->has_credential);
        file_is(FILE_OF_CREDENTIAL, NULL);
        set_known_hosts("h k\n");
        set_known_hosts("");
        file_is(FILE_OF_HOSTS, NULL);
}

Test(access, a_token_belongs_to_its_server)
{
        set_credential("s3cret");
        set_git_url("https://me@git.example/other.git", NULL);
        cr_assert(repository()->has_credential);
        set_git_url("https://evil.example/goods.git", NULL);
        cr_assert_not(repository()->has_credential);
        set_git_url("https://git.example/goods.git", NULL);
        cr_assert(repository()->has_credential);
        file_is(FILE_OF_CREDENTIAL, "https://git.example\ns3cret");
        set_git_url("https://new.example/goods.git", "an0ther");
        cr_assert(repository()->has_credential);
        file_is(FILE_OF_CREDENTIAL, "https://new.example\nan0ther");
}

Test(access, it_is_there_after_a_start)
{
        set_credential("s3cret");
        repository()->has_credential = false;
        fixture_restart();
        cr_assert(repository()->has_credential);
}

static char *made, *refusal;

static void on_key(void *userdata, const sd_bus_error *error, const char *public_half)
{
        (void) userdata;
        cr_assert_eq(text_replace(&made, public_half), 0);
        cr_assert_eq(text_replace(&refusal, error ? error->message : NULL), 0);
}

static void generate_key(void)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        (void) text_replace(&made, NULL);
        (void) text_replace(&refusal, NULL);
        cr_assert_eq(repository_generate_key(fixture.pipeline, repository(), on_key, NULL, &error), 0);
        loop_run();
}

Test(access, a_key_is_made_by_a_unit)
{
        set_git_url("ssh://git@git.example/goods.git", NULL);
        fake_units.answer[UNIT_KEYGEN] = "public=ssh-ed25519 AAAA deployd";
        fake_units.output[UNIT_KEYGEN] = KEY;
        generate_key();
        cr_assert_str_eq(text_or_empty(made), "ssh-ed25519 AAAA deployd", "%s", refusal);
        cr_assert(repository()->has_credential);
        file_is(FILE_OF_CREDENTIAL, "ssh://git.example\n" KEY);
        cr_assert_str_eq(fake_units.places[UNIT_KEYGEN], "");

        /* What went wrong leaves the old one. */
        fake_units.output[UNIT_KEYGEN] = "no key";
        generate_key();
        cr_assert_null(made);
        says(refusal, "no key was made");
        fake_units.answer[UNIT_KEYGEN] = "error=out of luck\nkind=internal";
        generate_key();
        says(refusal, "out of luck");
        file_is(FILE_OF_CREDENTIAL, "ssh://git.example\n" KEY);
}

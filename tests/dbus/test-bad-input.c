/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "tests/dbus/fixture.h"

/* Whatever text comes in whatever place: a named error, or it arrives byte by byte. */
BUS_SUITE(bad_input);

#define LONG_TEXT 50000

static char long_text[LONG_TEXT + 1], long_path[LONG_TEXT + 1];

static const char *const corpus[] = {
        "",
        " ",
        "-",
        "--",
        "--upload-pack=touch /tmp/x",
        "-o",
        "\n",
        "\n[Service]\nExecStart=/bin/sh",
        "main\n[Service]",
        "a\tb",
        "\x01",
        "\x1b[31mred",
        "\x7f",
        "\xc2\x9b",      /* CSI as one character */
        "\xe2\x80\xae-", /* right to left */
        "\xf0\x9f\x9a\x80",
        "$(id)",
        "`id`",
        "a;b",
        "a|b",
        "a&b",
        "a>b",
        "a'b",
        "a\"b",
        "a\\b",
        "%n%s%i",
        "${PORT}",
        "*",
        "../../etc/passwd",
        "/etc/passwd",
        "//",
        ".",
        "..",
        "a/../b",
        "a//b",
        "a b",
        "SHOP",
        "shop_1",
        "1shop",
        "shop-",
        "my--shop",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "@",
        "@{-1}",
        "main~1",
        "main^{commit}",
        "HEAD:Procfile",
        "refs/heads/x.lock",
        "'; drop table app; --",
        "http://example.com/x",
        "https://",
        "https://example.com",
        "ssh://u:p@example.com/x",
        "https://example.com:99999/x",
        "https://-x/y",
        "ssh://-oProxyCommand=x/y",
        "ext::sh -c id",
        "file:///etc",
        "file:///srv/git/%2e%2e/x",
        "/srv/git/../x",
        "git@example.com:-x",
        "me:s3cret@example.com:x",
        long_text,
        long_path,
};

/* Calls, each with the text in one of the places where text is taken. */
typedef sd_bus_message *Sender(const char *text);

#define MANAGER fixture.client, BUS_PATH, BUS_INTERFACE_MANAGER
#define APP     fixture.client, BUS_PATH_APP "/shop", BUS_INTERFACE_APP
#define CODE    fixture.client, BUS_PATH_REPOSITORY "/code", BUS_INTERFACE_REPOSITORY

static sd_bus_message *send_repository_name(const char *text)
{
        return fixture_call(MANAGER, "CreateRepository", "sssa{sv}", text, "/srv/git/x", "", 0);
}

static sd_bus_message *send_repository_url(const char *text)
{
        return fixture_call(MANAGER, "CreateRepository", "sssa{sv}", "new", text, "", 0);
}

static sd_bus_message *send_repository_branch(const char *text)
{
        return fixture_call(MANAGER, "CreateRepository", "sssa{sv}", "new", "/srv/git/x", text, 0);
}

static sd_bus_message *send_repository_option(const char *text)
{
        return fixture_call(MANAGER, "CreateRepository", "sssa{sv}", "new", "/srv/git/x", "", 1, text, "s",
                            "");
}

static sd_bus_message *send_app_name(const char *text)
{
        return fixture_call(MANAGER, "CreateApp", "ssa{sv}", text, "code", 0);
}

static sd_bus_message *send_app_repository(const char *text)
{
        return fixture_call(MANAGER, "CreateApp", "ssa{sv}", "new", text, 0);
}

static sd_bus_message *send_app_option(const char *text)
{
        return fixture_call(MANAGER, "CreateApp", "ssa{sv}", "new", "code", 1, text, "s", "");
}

static sd_bus_message *send_app_branch(const char *text)
{
        return fixture_call(APP, "SetProperties", "a{sv}", 1, "Branch", "s", text);
}

static sd_bus_message *send_app_directory(const char *text)
{
        return fixture_call(APP, "SetProperties", "a{sv}", 1, "Directory", "s", text);
}

static sd_bus_message *send_app_buildpack(const char *text)
{
        return fixture_call(APP, "SetProperties", "a{sv}", 1, "Buildpack", "s", text);
}

static sd_bus_message *send_app_build_command(const char *text)
{
        return fixture_call(APP, "SetProperties", "a{sv}", 1, "BuildCommand", "s", text);
}

static sd_bus_message *send_app_readiness(const char *text)
{
        return fixture_call(APP, "SetProperties", "a{sv}", 1, "Readiness", "s", text);
}

static sd_bus_message *send_app_health_check_path(const char *text)
{
        return fixture_call(APP, "SetProperties", "a{sv}", 1, "HealthCheckPath", "s", text);
}

static sd_bus_message *send_app_formation(const char *text)
{
        return fixture_call(APP, "SetProperties", "a{sv}", 1, "Formation", "a{su}", 1, text, 1);
}

static sd_bus_message *send_get_repository(const char *text)
{
        return fixture_call(MANAGER, "GetRepository", "s", text);
}

static sd_bus_message *send_get_app(const char *text)
{
        return fixture_call(MANAGER, "GetApp", "s", text);
}

static sd_bus_message *send_list_app(const char *text)
{
        return fixture_call(MANAGER, "ListDeployments", "stu", text, (uint64_t) 0, 0);
}

static sd_bus_message *send_deploy_app(const char *text)
{
        return fixture_call(MANAGER, "Deploy", "ssa{sv}", text, "", 0);
}

static sd_bus_message *send_deploy_revision(const char *text)
{
        return fixture_call(APP, "Deploy", "sa{sv}", text, 0);
}

static sd_bus_message *send_deploy_option(const char *text)
{
        return fixture_call(APP, "Deploy", "sa{sv}", "", 1, text, "s", "");
}

static sd_bus_message *send_deploy_request_id(const char *text)
{
        return fixture_call(APP, "Deploy", "sa{sv}", "", 1, "request-id", "s", text);
}

static sd_bus_message *send_set_git_url(const char *text)
{
        return fixture_call(CODE, "SetGitUrl", "s", text);
}

static sd_bus_message *send_set_default_branch(const char *text)
{
        return fixture_call(CODE, "SetDefaultBranch", "s", text);
}

static sd_bus_message *send_set_submodules(const char *text)
{
        return fixture_call(CODE, "SetSubmodules", "s", text);
}

static sd_bus_message *send_property(const char *text)
{
        return fixture_call(fixture.client, BUS_PATH, "org.freedesktop.DBus.Properties", "Get", "ss",
                            BUS_INTERFACE_MANAGER, text);
}

static Sender *const senders[] = {
        send_repository_name, send_repository_url,     send_repository_branch, send_repository_option,
        send_app_name,        send_app_repository,     send_app_option,        send_app_branch,
        send_app_directory,   send_get_repository,     send_get_app,           send_list_app,
        send_deploy_app,      send_deploy_revision,    send_deploy_option,     send_deploy_request_id,
        send_set_git_url,     send_set_default_branch, send_set_submodules,    send_property,
        send_app_buildpack,   send_app_build_command,  send_app_readiness,     send_app_health_check_path,
        send_app_formation,
};

/* Errors that say what is wrong, and no others. */
static const char *const named[] = {
        BUS_ERROR_INVALID_NAME,
        BUS_ERROR_INVALID_URL,
        BUS_ERROR_INVALID_REVISION,
        BUS_ERROR_NO_SUCH_REPOSITORY,
        BUS_ERROR_NO_SUCH_APP,
        BUS_ERROR_ALREADY_EXISTS,
        "org.freedesktop.DBus.Error.InvalidArgs",
        "org.freedesktop.DBus.Error.UnknownProperty",
};

static bool is_named(const char *error)
{
        for (size_t i = 0; i < ELEMENTSOF(named); i++)
                if (strcmp(named[i], error) == 0)
                        return true;
        return false;
}

Test(bad_input, gets_a_named_error_or_arrives_as_it_is)
{
        memset(long_text, 'a', LONG_TEXT);
        memset(long_path, '/', LONG_TEXT);
        for (size_t i = 1; i < LONG_TEXT; i += 2)
                long_path[i] = 'a';
        (void) fixture_app("shop", fixture_repository("code"));

        for (size_t i = 0; i < ELEMENTSOF(senders); i++)
                for (size_t j = 0; j < ELEMENTSOF(corpus); j++) {
                        sd_bus_message *answer;

                        free(fixture.pipeline.asked);
                        fixture.pipeline.asked = NULL;
                        answer = senders[i](corpus[j]);
                        if (sd_bus_message_is_method_error(answer, NULL)) {
                                const sd_bus_error *error = sd_bus_message_get_error(answer);

                                cr_assert(is_named(error->name), "sender %zu, '%s': %s: %s", i, corpus[j],
                                          error->name, error->message);
                                cr_assert(text_is_clean(error->message, false), "sender %zu: %s", i,
                                          error->message);
                                cr_assert_leq(strlen(error->message), 1000);
                                if (strcmp(error->name, BUS_ERROR_INVALID_URL) == 0)
                                        cr_assert_not(strstr(error->message, "s3cret"));
                                if (strcmp(error->name, BUS_ERROR_ALREADY_EXISTS) != 0)
                                        cr_assert_null(fixture.pipeline.asked, "sender %zu, '%s'", i,
                                                       corpus[j]);
                        } else if (fixture.pipeline.asked) {
                                cr_assert(strstr(fixture.pipeline.asked, corpus[j]), "'%s' became %s",
                                          corpus[j], fixture.pipeline.asked);
                                cr_assert(text_is_clean(corpus[j], false));
                        }
                        sd_bus_message_unref(answer);
                }
}

/* A descriptor that comes with a call nobody wants it in is closed again. */
Test(bad_input, leaves_no_descriptor_open)
{
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), before, after;

        (void) fixture_app("shop", fixture_repository("code"));
        fixture_settle();
        before = dup(fd);
        cr_assert(before >= 0);
        (void) close(before);
        for (unsigned i = 0; i < 20; i++) {
                fixture_fails("org.freedesktop.DBus.Error.InvalidArgs", "type s, not h", fixture.client,
                              BUS_PATH_APP "/shop", BUS_INTERFACE_APP, "Deploy", "sa{sv}", "", 1,
                              "request-id", "h", fd);
                fixture_fails("org.freedesktop.DBus.Error.InvalidArgs", "", fixture.client,
                              BUS_PATH_APP "/shop", BUS_INTERFACE_APP, "Start", "h", fd);
                fixture_fails("org.freedesktop.DBus.Error.AccessDenied", "", fixture.watcher,
                              BUS_PATH_APP "/shop", BUS_INTERFACE_APP, "Deploy", "sa{sv}", "", 1,
                              "request-id", "h", fd);
        }
        after = dup(fd);
        cr_assert_eq(before, after);
        (void) close(after);
        (void) close(fd);
}

/* An option dictionary that is nested as deeply as the bus allows. */
Test(bad_input, survives_deep_values)
{
        sd_bus_message *message =
                fixture_new_call(fixture.client, BUS_PATH, BUS_INTERFACE_MANAGER, "CreateApp");
        enum { DEPTH = 20 };

        (void) fixture_repository("code");
        cr_assert(sd_bus_message_append(message, "ss", "shop", "code") >= 0);
        cr_assert(sd_bus_message_open_container(message, 'a', "{sv}") >= 0);
        cr_assert(sd_bus_message_open_container(message, 'e', "sv") >= 0);
        cr_assert(sd_bus_message_append(message, "s", "Branch") >= 0);
        for (unsigned i = 0; i < DEPTH; i++)
                cr_assert(sd_bus_message_open_container(message, 'v', i == DEPTH - 1 ? "s" : "v") >= 0);
        cr_assert(sd_bus_message_append(message, "s", "x") >= 0);
        for (unsigned i = 0; i < DEPTH + 2; i++)
                cr_assert(sd_bus_message_close_container(message) >= 0);
        message = fixture_send(fixture.client, message);
        fixture_check_error(message, "org.freedesktop.DBus.Error.InvalidArgs", "Branch is of type s, not v",
                            __LINE__);
        sd_bus_message_unref(message);
}

/* Ten thousand options are read no further than to the first that is wrong. */
Test(bad_input, survives_many_options)
{
        sd_bus_message *message =
                fixture_new_call(fixture.client, BUS_PATH_APP "/shop", BUS_INTERFACE_APP, "SetProperties");

        (void) fixture_app("shop", fixture_repository("code"));
        cr_assert(sd_bus_message_open_container(message, 'a', "{sv}") >= 0);
        for (unsigned i = 0; i < 10000; i++)
                cr_assert(sd_bus_message_append(message, "{sv}", "Branch", "s", "x") >= 0);
        cr_assert(sd_bus_message_close_container(message) >= 0);
        message = fixture_send(fixture.client, message);
        fixture_check_error(message, "org.freedesktop.DBus.Error.InvalidArgs", "given twice", __LINE__);
        sd_bus_message_unref(message);
}

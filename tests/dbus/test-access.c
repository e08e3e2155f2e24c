/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "tests/dbus/anything.h"
#include "tests/dbus/fake-polkit.h"

/* Who may call what: each method that introspection shows, by root, by others whom polkit allows it, denies
 * it or wants to ask for a password, and where there is no polkit. */
BUS_SUITE(access);

#define ACCESS_DENIED "org.freedesktop.DBus.Error.AccessDenied"
#define CHALLENGE     "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"

#define REPOSITORY BUS_PATH_REPOSITORY "/code"
#define APP        BUS_PATH_APP "/shop"
#define DEPLOYMENT BUS_PATH_DEPLOYMENT "/_342"

/* What polkit is asked for each method; NULL = it is not asked, for everybody may. */
static const struct {
        const char *interface, *member, *asked;
} rows[] = {
        { BUS_INTERFACE_MANAGER, "CreateRepository", "manage verb=create repository=shop" },
        { BUS_INTERFACE_MANAGER, "CreateApp", "manage verb=create app=shop" },
        { BUS_INTERFACE_MANAGER, "GetRepository", NULL },
        { BUS_INTERFACE_MANAGER, "GetApp", NULL },
        { BUS_INTERFACE_MANAGER, "GetDeployment", NULL },
        { BUS_INTERFACE_MANAGER, "DescribeDeployment", NULL },
        { BUS_INTERFACE_MANAGER, "ListRepositories", NULL },
        { BUS_INTERFACE_MANAGER, "ListApps", NULL },
        { BUS_INTERFACE_MANAGER, "ListRemovedApps", NULL },
        { BUS_INTERFACE_MANAGER, "ListDeployments", NULL },
        { BUS_INTERFACE_MANAGER, "Deploy", "deploy verb=deploy app=shop" },
        { BUS_INTERFACE_MANAGER, "OpenLog", "logs verb=read the log of deployment=0" },
        { BUS_INTERFACE_MANAGER, "ListMigrations", NULL },
        { BUS_INTERFACE_MANAGER, "DescribeOutput", "logs verb=read the log of deployment=0" },
        { BUS_INTERFACE_MANAGER, "Verify", "manage verb=verify" },
        { BUS_INTERFACE_MANAGER, "Adopt", "manage verb=adopt" },
        { BUS_INTERFACE_MANAGER, "Reload", "manage verb=reload" },
        { BUS_INTERFACE_REPOSITORY, "Fetch", "deploy verb=fetch repository=code" },
        { BUS_INTERFACE_REPOSITORY, "SetGitUrl", "manage verb=change repository=code" },
        { BUS_INTERFACE_REPOSITORY, "SetDefaultBranch", "manage verb=change repository=code" },
        { BUS_INTERFACE_REPOSITORY, "SetSubmodules", "manage verb=change repository=code" },
        { BUS_INTERFACE_REPOSITORY, "SetCredential",
          "environment verb=change the credential of repository=code" },
        { BUS_INTERFACE_REPOSITORY, "GenerateKey", "manage verb=make a key for repository=code" },
        { BUS_INTERFACE_REPOSITORY, "SetKnownHosts",
          "manage verb=change the known hosts of repository=code" },
        { BUS_INTERFACE_REPOSITORY, "Remove", "manage verb=remove repository=code" },
        { BUS_INTERFACE_APP, "Deploy", "deploy verb=deploy app=shop" },
        { BUS_INTERFACE_APP, "Rollback", "deploy verb=roll back app=shop" },
        { BUS_INTERFACE_APP, "Redeploy", "deploy verb=redeploy app=shop" },
        { BUS_INTERFACE_APP, "SetEnvironment", "environment verb=change the environment of app=shop" },
        { BUS_INTERFACE_APP, "StageEnvironment", "environment verb=change the environment of app=shop" },
        { BUS_INTERFACE_APP, "GetEnvironment", "environment verb=read the environment of app=shop" },
        { BUS_INTERFACE_APP, "Start", "operate verb=start app=shop" },
        { BUS_INTERFACE_APP, "Stop", "operate verb=stop app=shop" },
        { BUS_INTERFACE_APP, "Restart", "operate verb=restart app=shop" },
        { BUS_INTERFACE_APP, "ClearCache", "deploy verb=clear the build cache of app=shop" },
        { BUS_INTERFACE_APP, "SetProperties", "manage verb=change app=shop" },
        { BUS_INTERFACE_APP, "Remove", "manage verb=remove app=shop" },
        { BUS_INTERFACE_DEPLOYMENT, "Cancel", "deploy verb=cancel a deployment of app=shop" },
        { BUS_INTERFACE_DEPLOYMENT, "OpenLog", "logs verb=read the log of app=shop" },
};

static const char *asked_by(const char *interface, const char *member)
{
        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (strcmp(rows[i].interface, interface) == 0 && strcmp(rows[i].member, member) == 0)
                        return rows[i].asked;
        cr_assert_fail("%s.%s has no row here: who may call it?", interface, member);
        return NULL;
}

/* One method: the answer's error, "" if it has none. Caller frees. */
static char *call_method(sd_bus *client, const char *path, const char *interface, const char *member,
                         const char *signature)
{
        sd_bus_message *message = fixture_new_call(client, path, interface, member), *answer;
        char *name;

        append_anything(message, signature);
        answer = fixture_send(client, message);
        name = strdup(sd_bus_message_is_method_error(answer, NULL) ? sd_bus_message_get_error(answer)->name
                                                                   : "");
        sd_bus_message_unref(answer);
        return name;
}

typedef struct Column {
        sd_bus *client;
        FakePolkit *polkit; /* NULL = there is none */
        const char *wanted; /* the error of what takes a right; NULL = it is done */
} Column;

static void check_method(const Column *column, const char *path, const char *interface, const char *member,
                         const char *signature)
{
        const char *asked = asked_by(interface, member);
        _cleanup_free_ char *line = asked ? text_format("%s\n", asked) : NULL;
        unsigned n_before = fixture.pipeline.n_asked + fixture.n_reloads + fixture.n_verifications;
        _cleanup_free_ char *name = call_method(column->client, path, interface, member, signature);
        bool is_denied = strcmp(name, ACCESS_DENIED) == 0 || strcmp(name, CHALLENGE) == 0;

        if (asked && column->wanted) {
                cr_assert_str_eq(name, column->wanted, "%s", member);
                cr_assert_eq(n_before,
                             fixture.pipeline.n_asked + fixture.n_reloads + fixture.n_verifications, "%s",
                             member);
        } else
                cr_assert_not(is_denied, "%s", member);
        if (!column->polkit)
                return;
        if (asked && column->client != fixture.client)
                cr_assert_str_eq(text_or_empty(column->polkit->asked), line, "%s", member);
        else
                cr_assert_null(column->polkit->asked, "%s", member);
        free(column->polkit->asked);
        column->polkit->asked = NULL;
}

/* The types of a method's arguments, of its element. */
static void read_signature(const char *from, const char *to, char *signature, size_t size)
{
        size_t n = 0;

        signature[0] = '\0';
        while ((from = strstr(from, "<arg type=\"")) && from < to) {
                const char *type = from + strlen("<arg type=\""), *end = strstr(from, "/>");

                if (memmem(from, (size_t) (end - from), "direction=\"in\"", strlen("direction=\"in\"")))
                        n += (size_t) snprintf(signature + n, size - n, "%.*s", (int) strcspn(type, "\""),
                                               type);
                from = end;
        }
}

/* All methods of one interface, as introspection shows them. How many. */
static unsigned check_interface(const Column *column, const char *path, const char *interface)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = fixture_call(
                fixture.client, path, "org.freedesktop.DBus.Introspectable", "Introspect", NULL);
        _cleanup_free_ char *tag = text_format("<interface name=\"%s\">", interface);
        const char *xml, *at, *end;
        unsigned n = 0;

        cr_assert(sd_bus_message_read(answer, "s", &xml) > 0);
        at = strstr(xml, tag);
        cr_assert(at, "%s", interface);
        end = strstr(at, "</interface>");
        while ((at = strstr(at, "<method name=\"")) && at < end) {
                const char *name = at + strlen("<method name=\""), *close = strchr(at, '>');
                char member[64], signature[64] = "";

                (void) snprintf(member, sizeof(member), "%.*s", (int) strcspn(name, "\""), name);
                if (close[-1] != '/')
                        read_signature(close, strstr(close, "</method>"), signature, sizeof(signature));
                check_method(column, path, interface, member, signature);
                at = close;
                n++;
        }
        return n;
}

static void check_all(const Column *column)
{
        unsigned n;

        (void) fixture_deployment(fixture_app("shop", fixture_repository("code")), 42);
        /* What comes through changes nothing, so that the next one finds the same. */
        fixture.pipeline.error_now = "x.y";
        n = check_interface(column, BUS_PATH, BUS_INTERFACE_MANAGER);
        n += check_interface(column, REPOSITORY, BUS_INTERFACE_REPOSITORY);
        n += check_interface(column, APP, BUS_INTERFACE_APP);
        n += check_interface(column, DEPLOYMENT, BUS_INTERFACE_DEPLOYMENT);
        cr_assert_eq(n, ELEMENTSOF(rows));
}

Test(access, root_is_never_asked)
{
        FakePolkit polkit;

        fake_polkit_start(&polkit, POLKIT_NO);
        check_all(&(const Column){ fixture.client, &polkit, NULL });
        fake_polkit_stop(&polkit);
}

Test(access, others_may_what_polkit_allows)
{
        FakePolkit polkit;

        fake_polkit_start(&polkit, POLKIT_YES);
        check_all(&(const Column){ fixture.watcher, &polkit, NULL });
        fake_polkit_stop(&polkit);
}

Test(access, others_may_not_what_polkit_denies)
{
        FakePolkit polkit;

        fake_polkit_start(&polkit, POLKIT_NO);
        check_all(&(const Column){ fixture.watcher, &polkit, ACCESS_DENIED });
        fake_polkit_stop(&polkit);
}

Test(access, others_hear_that_a_password_would_help)
{
        FakePolkit polkit;

        fake_polkit_start(&polkit, POLKIT_CHALLENGE);
        check_all(&(const Column){ fixture.watcher, &polkit, CHALLENGE });
        fake_polkit_stop(&polkit);
}

Test(access, without_polkit_only_root_may)
{
        check_all(&(const Column){ fixture.watcher, NULL, ACCESS_DENIED });
}

Test(access, without_polkit_root_may)
{
        check_all(&(const Column){ fixture.client, NULL, NULL });
}

/* A name that is no name never gets to polkit, whose rules and prompts would show it. */
Test(access, shows_polkit_valid_names_only)
{
        FakePolkit polkit;

        fake_polkit_start(&polkit, POLKIT_YES);
        fixture_fails(BUS_ERROR_INVALID_NAME, "", fixture.watcher, BUS_PATH, BUS_INTERFACE_MANAGER,
                      "CreateApp", "ssa{sv}", "shop\n", "code", 0);
        fixture_fails(BUS_ERROR_INVALID_NAME, "", fixture.watcher, BUS_PATH, BUS_INTERFACE_MANAGER,
                      "CreateRepository", "sssa{sv}", "$(verb)", "https://example.com/x", "", 0);
        fixture_fails(BUS_ERROR_NO_SUCH_APP, "", fixture.watcher, BUS_PATH, BUS_INTERFACE_MANAGER, "Deploy",
                      "ssa{sv}", "$(app)", "", 0);
        cr_assert_eq(polkit.n_asked, 0);
        fake_polkit_stop(&polkit);
}

Test(access, asks_nothing_about_what_only_root_may)
{
        FakePolkit polkit;

        fake_polkit_start(&polkit, POLKIT_YES);
        fixture_fails(ACCESS_DENIED, "Only root", fixture.watcher, "/org/freedesktop/LogControl1",
                      "org.freedesktop.DBus.Properties", "Set", "ssv", "org.freedesktop.LogControl1",
                      "LogLevel", "s", "debug");
        cr_assert_eq(polkit.n_asked, 0);
        fake_polkit_stop(&polkit);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "base/text.h"
#include "tests/dbus/fixture.h"

/* Repository, App and Deployment objects. */
BUS_SUITE(objects_bus);

#define REPOSITORY(member, ...) \
        fixture.client, BUS_PATH_REPOSITORY "/code", BUS_INTERFACE_REPOSITORY, member, __VA_ARGS__
#define APP(member, ...) fixture.client, BUS_PATH_APP "/shop", BUS_INTERFACE_APP, member, __VA_ARGS__
#define DEPLOYMENT(member, ...) \
        fixture.client, BUS_PATH_DEPLOYMENT "/_342", BUS_INTERFACE_DEPLOYMENT, member, __VA_ARGS__

#define repository_is(wanted, property) \
        fixture_property_is(wanted, BUS_PATH_REPOSITORY "/code", BUS_INTERFACE_REPOSITORY, property)
#define app_is(wanted, property) \
        fixture_property_is(wanted, BUS_PATH_APP "/shop", BUS_INTERFACE_APP, property)
#define deployment_is(wanted, property) \
        fixture_property_is(wanted, BUS_PATH_DEPLOYMENT "/_342", BUS_INTERFACE_DEPLOYMENT, property)

#define asked_is(wanted)                                                                     \
        cr_assert_str_eq(fixture.pipeline.asked ? fixture.pipeline.asked : "", wanted, "%s", \
                         fixture.pipeline.asked)

#define INVALID_ARGS "org.freedesktop.DBus.Error.InvalidArgs"

static void set(char **target, const char *value)
{
        cr_assert(text_replace(target, value) >= 0);
}

Test(objects_bus, a_repository_has_its_properties)
{
        Repository *repository = fixture_repository("code");

        set(&repository->default_branch, "main");
        set(&repository->head_revision, "0123456789012345678901234567890123456789");
        repository->last_fetched_at = 6;
        repository->created_at = 5;
        (void) fixture_app("shop", repository);
        repository_is("code", "Name");
        repository_is("https://example.com/shop.git", "GitUrl");
        repository_is("main", "DefaultBranch");
        repository_is("0123456789012345678901234567890123456789", "HeadRevision");
        repository_is("6", "LastFetchedAt");
        repository_is("5", "CreatedAt");
        repository_is("[/app/shop]", "Apps");
        repository_is("0", "HasCredential");
        repository->has_credential = true;
        repository_is("1", "HasCredential");
}

Test(objects_bus, a_repository_has_its_methods)
{
        (void) fixture_repository("code");
        fixture_succeeds(REPOSITORY("Fetch", NULL));
        fixture_succeeds(REPOSITORY("SetGitUrl", "s", "git@example.com:shop.git"));
        repository_is("ssh://git@example.com/shop.git", "GitUrl");
        fixture_succeeds(REPOSITORY("SetDefaultBranch", "s", "next"));
        fixture_succeeds(REPOSITORY("SetDefaultBranch", "s", ""));
        fixture_fails(BUS_ERROR_INVALID_URL, "scheme", REPOSITORY("SetGitUrl", "s", "javascript://x/y"));
        fixture_fails(BUS_ERROR_INVALID_REVISION, "default-branch",
                      REPOSITORY("SetDefaultBranch", "s", "a..b"));
        fixture.pipeline.error_later = BUS_ERROR_FETCH_FAILED;
        fixture_fails(BUS_ERROR_FETCH_FAILED, "", REPOSITORY("Fetch", NULL));
        fixture.pipeline.error_later = NULL;
        fixture.pipeline.error_now = BUS_ERROR_REPOSITORY_IN_USE;
        fixture_fails(BUS_ERROR_REPOSITORY_IN_USE, "", REPOSITORY("Remove", NULL));
        fixture.pipeline.error_now = NULL;
        fixture_succeeds(REPOSITORY("Remove", NULL));
        fixture_fails("org.freedesktop.DBus.Error.UnknownObject", "", REPOSITORY("Remove", NULL));
        asked_is("repository_fetch code uid=0\n"
                 "repository_set_git_url code ssh://git@example.com/shop.git uid=0\n"
                 "repository_set_default_branch code [next] uid=0\n"
                 "repository_set_default_branch code [] uid=0\n"
                 "repository_fetch code uid=0\n"
                 "repository_remove code uid=0\n"
                 "repository_remove code uid=0\n");
}

Test(objects_bus, an_app_has_its_properties)
{
        App *app = fixture_app("shop", fixture_repository("code"));

        app_is("0", "CurrentPort");
        app_is("/", "CurrentDeployment");
        app_is("[]", "Deployments");
        app->created_at = 5;
        app->status = APP_DEGRADED;
        set(&app->settings.branch, "main");
        set(&app->settings.directory, "web");
        app->settings.stop_timeout_usec = 1;
        app->settings.memory_max = 2;
        app->settings.tasks_max = 3;
        app->settings.cpu_quota_usec = 4;
        app->settings.keep_releases = 5;
        set(&app->settings.buildpack, "node");
        set(&app->settings.build_command, "make");
        set(&app->settings.readiness, "notify");
        set(&app->settings.health_check_path, "/up");
        set(&app->settings.writable_tree, "yes");
        set(&app->settings.persist, "data,a/b");
        app->settings.health_check_timeout_usec = 6;
        app->settings.check_settle_usec = 7;
        cr_assert(instance_new(fixture_deployment(app, 42), "web", 1, 20007));
        (void) fixture_deployment(app, 43);
        model_set_deployment_status(fixture.model, model_deployment(fixture.model, 42), DEPLOYMENT_LIVE);
        app_is("shop", "Name");
        app_is("/repository/code", "Repository");
        app_is("degraded", "Status");
        app_is("20007", "CurrentPort");
        app_is("/deployment/_342", "CurrentDeployment");
        app_is("[/deployment/_343,/deployment/_342]", "Deployments");
        app_is("deployd-apps-shop.slice", "Slice");
        app_is("5", "CreatedAt");
        app_is("main", "Branch");
        app_is("web", "Directory");
        app_is("1", "StopTimeoutUSec");
        app_is("2", "MemoryMax");
        app_is("3", "TasksMax");
        app_is("4", "CPUQuotaPerSecUSec");
        app_is("5", "KeepReleases");
        app_is("node", "Buildpack");
        app_is("make", "BuildCommand");
        app_is("notify", "Readiness");
        app_is("/up", "HealthCheckPath");
        app_is("yes", "WritableTree");
        app_is("data,a/b", "Persist");
        app_is("6", "HealthCheckTimeoutUSec");
        app_is("7", "CheckSettleUSec");
        app_is("private", "AccessMode");
        app_is("0", "Port");
        app->port = 30001;
        app_is("30001", "Port");
        app_is("http://127.0.0.1:30001", "Url");
        app_is("0", "Draining");
        app_is("[]", "EnvironmentNames");
}

Test(objects_bus, an_app_has_its_methods)
{
        App *app = fixture_app("shop", fixture_repository("code"));

        set(&app->settings.branch, "main");
        fixture_succeeds(APP("Deploy", "sa{sv}", "v1", 1, "request-id", "s", "x"));
        fixture_succeeds(APP("Start", NULL));
        fixture_succeeds(APP("Stop", NULL));
        fixture_succeeds(APP("Restart", NULL));
        fixture_succeeds(APP("ClearCache", NULL));
        fixture_succeeds(APP("SetProperties", "a{sv}", 1, "Directory", "s", "web"));
        app_is("web", "Directory");
        app_is("main", "Branch");
        fixture_succeeds(APP("Remove", "b", true));
        fixture_fails("org.freedesktop.DBus.Error.UnknownObject", "", APP("Start", NULL));
        asked_is("deployment_create shop [v1] [x] uid=0\n"
                 "app_start shop uid=0\n"
                 "app_stop shop uid=0\n"
                 "app_restart shop uid=0\n"
                 "app_clear_cache shop uid=0\n"
                 "app_set shop private [main] [web] 0 0 0 0 [] [] port [] 0 0 no [] {} uid=0\n"
                 "app_remove shop 1 uid=0\n");
}

Test(objects_bus, an_app_keeps_its_settings_when_one_of_them_is_bad)
{
        (void) fixture_app("shop", fixture_repository("code"));
        fixture_fails(
                "org.freedesktop.DBus.Error.InvalidArgs", "MemoryMax",
                APP("SetProperties", "a{sv}", 2, "Branch", "s", "next", "MemoryMax", "t", (uint64_t) 1));
        fixture_fails("org.freedesktop.DBus.Error.NotSupported", "Domains",
                      APP("SetProperties", "a{sv}", 2, "Branch", "s", "next", "Domains", "as", 0));
        fixture_fails("org.freedesktop.DBus.Error.InvalidArgs", "Unknown option 'Port'",
                      APP("SetProperties", "a{sv}", 1, "Port", "q", 30000));
        app_is("", "Branch");
        asked_is("");
}

Test(objects_bus, the_formation_of_an_app_is_what_is_in_force)
{
        App *app = fixture_app("shop", fixture_repository("code"));
        Deployment *live = fixture_deployment(app, 42);

        app_is("[[web,1]]", "Formation");
        live->release = release_new();
        live->release_id = 42;
        cr_assert(live->release && formation_set(&live->release->formation, "worker", 2) == 0 &&
                  formation_set(&live->release->formation, "web", 3) == 0);
        app_is("[[web,1]]", "Formation");
        model_set_deployment_status(fixture.model, live, DEPLOYMENT_LIVE);
        app_is("[[web,3],[worker,2]]", "Formation");

        fixture_succeeds(APP("SetProperties", "a{sv}", 1, "Formation", "a{su}", 3, "worker", 9998, "web", 0,
                             "clock-2", 1));
        app_is("[[clock-2,1],[web,0],[worker,9998]]", "Formation");
        /* Whole: what is not named has none. */
        fixture_succeeds(APP("SetProperties", "a{sv}", 1, "Formation", "a{su}", 1, "clock-2", 1));
        app_is("[[clock-2,1]]", "Formation");
        /* Another setting leaves it as it is, and an empty one takes it back. */
        fixture_succeeds(APP("SetProperties", "a{sv}", 1, "Branch", "s", "next"));
        app_is("[[clock-2,1]]", "Formation");
        fixture_succeeds(APP("SetProperties", "a{sv}", 1, "Formation", "a{su}", 0));
        app_is("[[web,3],[worker,2]]", "Formation");
        asked_is(
                "app_set shop private [] [] 0 0 0 0 [] [] port [] 0 0 no [] {clock-2=1 web=0 worker=9998} uid=0\n"
                "app_set shop private [] [] 0 0 0 0 [] [] port [] 0 0 no [] {clock-2=1} uid=0\n"
                "app_set shop private [next] [] 0 0 0 0 [] [] port [] 0 0 no [] {clock-2=1} uid=0\n"
                "app_set shop private [next] [] 0 0 0 0 [] [] port [] 0 0 no [] {} uid=0\n");
}

Test(objects_bus, a_formation_of_nothing_or_of_what_cannot_be_is_refused)
{
        static const char *const bad[] = { "",   "_web", "web.1", "web=1",
                                           "-a", "a--b", "a\nb",  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
        sd_bus_message *message =
                fixture_new_call(fixture.client, BUS_PATH_APP "/shop", BUS_INTERFACE_APP, "SetProperties");
        App *app = fixture_app("shop", fixture_repository("code"));

        cr_assert(formation_set(&app->settings.formation, "kept", 1) == 0);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                fixture_fails(
                        INVALID_ARGS, "Formation has process types (1 to 32 of a-z, 0-9 and single -",
                        APP("SetProperties", "a{sv}", 1, "Formation", "a{su}", 2, "web", 1, bad[i], 1));
        fixture_fails(INVALID_ARGS, "counts of 0 to 9999",
                      APP("SetProperties", "a{sv}", 1, "Formation", "a{su}", 1, "web", 10000));
        fixture_fails(INVALID_ARGS, "counts of 0 to 9999",
                      APP("SetProperties", "a{sv}", 1, "Formation", "a{su}", 1, "web", UINT32_MAX));
        fixture_fails(INVALID_ARGS, "Formation has no process above 0: Stop stops an app",
                      APP("SetProperties", "a{sv}", 1, "Formation", "a{su}", 2, "web", 0, "worker", 0));
        fixture_fails(INVALID_ARGS, "Formation is of type a{su}, not a{ss}",
                      APP("SetProperties", "a{sv}", 1, "Formation", "a{ss}", 1, "web", "1"));
        fixture_fails(INVALID_ARGS, "Formation is of type a{su}, not s",
                      APP("SetProperties", "a{sv}", 1, "Formation", "s", "web=1"));
        fixture_fails(INVALID_ARGS, "given twice",
                      APP("SetProperties", "a{sv}", 2, "Formation", "a{su}", 1, "web", 1, "Formation",
                          "a{su}", 0));
        fixture_fails(INVALID_ARGS, "MemoryMax",
                      APP("SetProperties", "a{sv}", 2, "Formation", "a{su}", 1, "web", 1, "MemoryMax", "t",
                          (uint64_t) 1));

        cr_assert(sd_bus_message_open_container(message, 'a', "{sv}") >= 0);
        cr_assert(sd_bus_message_open_container(message, 'e', "sv") >= 0);
        cr_assert(sd_bus_message_append(message, "s", "Formation") >= 0);
        cr_assert(sd_bus_message_open_container(message, 'v', "a{su}") >= 0);
        cr_assert(sd_bus_message_open_container(message, 'a', "{su}") >= 0);
        for (unsigned i = 0; i < FORMATION_PROCESSES_MAX + 1; i++) {
                _cleanup_free_ char *process = text_format("p%u", i);

                cr_assert(sd_bus_message_append(message, "{su}", process, 1) >= 0);
        }
        for (unsigned i = 0; i < 4; i++)
                cr_assert(sd_bus_message_close_container(message) >= 0);
        message = fixture_send(fixture.client, message);
        fixture_check_error(message, INVALID_ARGS, "Formation has at most 64 process types", __LINE__);
        sd_bus_message_unref(message);
        app_is("[[kept,1]]", "Formation");
        asked_is("");
}

Test(objects_bus, settings_of_builds_and_health_are_checked)
{
        static const struct {
                const char *name, *value, *part; /* NULL = it is legal */
        } cases[] = {
                { "Buildpack", "node", NULL },
                { "Buildpack", "none", NULL },
                { "Buildpack", "", NULL },
                { "Buildpack", "Node",
                  "Buildpack is \"\" (the one that detects the app), none, or the name of one" },
                { "Buildpack", "../x", "or the name of one" },
                { "BuildCommand", "npm run build && echo \"$A\"", NULL },
                { "BuildCommand", "", NULL },
                { "BuildCommand", "a\nb", "BuildCommand is one line of UTF-8 without control characters" },
                { "Readiness", "notify", NULL },
                { "Readiness", "port", NULL },
                { "Readiness", "", "Readiness is port" },
                { "Readiness", "http", "or notify" },
                { "WritableTree", "yes", NULL },
                { "WritableTree", "no", NULL },
                { "WritableTree", "", "WritableTree is no" },
                { "Persist", "data,public/uploads", NULL },
                { "Persist", "", NULL },
                { "Persist", "/data", "Persist has commas between directories" },
                { "HealthCheckPath", "/up?a=1", NULL },
                { "HealthCheckPath", "", NULL },
                { "HealthCheckPath", "up", "HealthCheckPath is not allowed: a path begins with /" },
                { "HealthCheckPath", "/a\r\nHost: x", "HealthCheckPath is not allowed" },
        };

        (void) fixture_app("shop", fixture_repository("code"));
        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                if (cases[i].part)
                        fixture_fails(INVALID_ARGS, cases[i].part,
                                      APP("SetProperties", "a{sv}", 1, cases[i].name, "s", cases[i].value));
                else {
                        fixture_succeeds(
                                APP("SetProperties", "a{sv}", 1, cases[i].name, "s", cases[i].value));
                        app_is(cases[i].value, cases[i].name);
                }
}

Test(objects_bus, an_app_passes_on_errors)
{
        static const char *const errors[] = { BUS_ERROR_APP_BUSY, BUS_ERROR_NOT_DEPLOYED };
        static const char *const members[] = { "Start", "Stop", "Restart", "ClearCache" };

        (void) fixture_app("shop", fixture_repository("code"));
        for (size_t i = 0; i < ELEMENTSOF(errors); i++) {
                fixture.pipeline.error_now = errors[i];
                for (size_t j = 0; j < ELEMENTSOF(members); j++)
                        fixture_fails(errors[i], "refused", APP(members[j], NULL));
                fixture_fails(errors[i], "refused", APP("Remove", "b", false));
        }
}

Test(objects_bus, a_deployment_has_its_properties)
{
        Deployment *deployment = fixture_deployment(fixture_app("shop", fixture_repository("code")), 42);

        set(&deployment->requested_revision, "main");
        set(&deployment->revision, "0123456789012345678901234567890123456789");
        set(&deployment->image_tag, "shop:012345678901-42");
        set(&deployment->status_text, "Fetching");
        set(&deployment->error_summary, "no Procfile");
        deployment->status = DEPLOYMENT_FAILED;
        deployment->progress = 0.5;
        deployment->settles_at = 4;
        deployment->created_at = 1;
        deployment->started_at = 2;
        deployment->finished_at = 3;
        deployment->requested_by = 1000;
        cr_assert(instance_new(deployment, "clock", 1, 0) && instance_new(deployment, "web", 2, 20008) &&
                  instance_new(deployment, "web", 1, 20007));
        deployment_is("42", "Id");
        deployment_is("/app/shop", "App");
        deployment_is("shop", "AppName");
        deployment_is("failed", "Status");
        deployment_is("main", "RequestedRevision");
        deployment_is("0123456789012345678901234567890123456789", "Revision");
        deployment_is("shop:012345678901-42", "ImageTag");
        deployment_is("20007", "AssignedPort");
        deployment_is("[deployd-app-shop-42.web.1.service,deployd-app-shop-42.web.2.service,"
                      "deployd-app-shop-42.clock.1.service]",
                      "Units");
        deployment_is("0.5", "Progress");
        deployment_is("4", "SettlesAt");
        deployment_is("Fetching", "StatusText");
        deployment_is("1", "CreatedAt");
        deployment_is("2", "StartedAt");
        deployment_is("3", "FinishedAt");
        deployment_is("no Procfile", "ErrorSummary");
        deployment_is("1000", "RequestedBy");
}

Test(objects_bus, a_deployment_is_cancelled)
{
        (void) fixture_deployment(fixture_app("shop", fixture_repository("code")), 42);
        fixture_succeeds(DEPLOYMENT("Cancel", NULL));
        deployment_is("cancelled", "Status");
        fixture.pipeline.error_now = BUS_ERROR_ALREADY_FINISHED;
        fixture_fails(BUS_ERROR_ALREADY_FINISHED, "", DEPLOYMENT("Cancel", NULL));
        asked_is("deployment_cancel 42 uid=0\ndeployment_cancel 42 uid=0\n");
}

Test(objects_bus, exist_only_under_their_own_paths)
{
        static const char *const paths[] = {
                BUS_PATH_APP "/other",       BUS_PATH_APP "/shop/x",    BUS_PATH_APP,
                BUS_PATH_REPOSITORY "/shop", BUS_PATH_DEPLOYMENT "/42", "/"
        };

        (void) fixture_deployment(fixture_app("shop", fixture_repository("code")), 42);
        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                sd_bus_message *answer =
                        fixture_call(fixture.client, paths[i], BUS_INTERFACE_APP, "Remove", "b", true);

                cr_assert(sd_bus_message_is_method_error(answer, NULL), "%s", paths[i]);
                sd_bus_message_unref(answer);
        }
        asked_is("");
}

Test(objects_bus, are_all_managed)
{
        sd_bus_message *answer;
        char *all;

        (void) fixture_deployment(fixture_app("my-shop", fixture_repository("code")), 42);
        answer = fixture_call(fixture.watcher, BUS_PATH, "org.freedesktop.DBus.ObjectManager",
                              "GetManagedObjects", NULL);
        all = fixture_value(answer);
        cr_assert(strstr(all, "[/repository/code,") && strstr(all, "[/app/my_2dshop,") &&
                  strstr(all, "[/deployment/_342,"));
        cr_assert(strstr(all, "[" BUS_INTERFACE_REPOSITORY ",[[Name,code]") &&
                  strstr(all, "[" BUS_INTERFACE_APP ",[[Name,my-shop]") &&
                  strstr(all, "[" BUS_INTERFACE_DEPLOYMENT ",[[Id,42]"));
        free(all);
        sd_bus_message_unref(answer);
}

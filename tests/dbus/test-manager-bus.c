/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "tests/dbus/fixture.h"

BUS_SUITE(manager_bus);

#define INVALID_ARGS  "org.freedesktop.DBus.Error.InvalidArgs"
#define NOT_SUPPORTED "org.freedesktop.DBus.Error.NotSupported"
#define URL           "https://example.com/shop.git"

/* A call of the Manager by root. */
#define CALL(member, ...) fixture.client, BUS_PATH, BUS_INTERFACE_MANAGER, member, __VA_ARGS__

#define asked_is(wanted)                                                                     \
        cr_assert_str_eq(fixture.pipeline.asked ? fixture.pipeline.asked : "", wanted, "%s", \
                         fixture.pipeline.asked)

/* The call succeeds, and its answer is `wanted` (fixture_value() of each part, blanks between). */
static void answers(sd_bus_message *answer, const char *wanted)
{
        char *all = strdup("");

        cr_assert_not(sd_bus_message_is_method_error(answer, NULL), "%s",
                      sd_bus_message_is_method_error(answer, NULL)
                              ? sd_bus_message_get_error(answer)->message
                              : "");
        while (sd_bus_message_at_end(answer, true) == 0) {
                char *value = fixture_value(answer);

                fixture_append(&all, "%s%s", all[0] ? " " : "", value);
                free(value);
        }
        cr_assert_str_eq(all, wanted, "%s, not %s", all, wanted);
        free(all);
        sd_bus_message_unref(answer);
}

Test(manager_bus, has_its_properties)
{
        App *app = fixture_app("shop", fixture_repository("shop"));

        fixture_deployment(app, 1);
        fixture_deployment(app, 2)->status = DEPLOYMENT_QUEUED;
        model_set_deployment_status(fixture.model, model_deployment(fixture.model, 1), DEPLOYMENT_FETCHING);
        fixture.model->n_ports_assigned = 3;
        fixture_property_is(DEPLOYD_VERSION, BUS_PATH, BUS_INTERFACE_MANAGER, "Version");
        fixture_property_is("1", BUS_PATH, BUS_INTERFACE_MANAGER, "SchemaVersion");
        fixture_property_is("[20000,29999]", BUS_PATH, BUS_INTERFACE_MANAGER, "PortRange");
        fixture_property_is("3", BUS_PATH, BUS_INTERFACE_MANAGER, "PortsAssigned");
        fixture_property_is("connected", BUS_PATH, BUS_INTERFACE_MANAGER, "DatabaseState");
        fixture_property_is("1", BUS_PATH, BUS_INTERFACE_MANAGER, "DeploymentsQueued");
        fixture_property_is("1", BUS_PATH, BUS_INTERFACE_MANAGER, "DeploymentsRunning");
        fixture_property_is("partial", BUS_PATH, BUS_INTERFACE_MANAGER, "SandboxState");
        fixture_property_is("[memory,tasks]", BUS_PATH, BUS_INTERFACE_MANAGER, "SandboxMissing");
}

Test(manager_bus, creates_a_repository)
{
        answers(fixture_call(CALL("CreateRepository", "sssa{sv}", "my-shop", URL, "main", 0)),
                "/repository/my_2dshop");
        answers(fixture_call(CALL("CreateRepository", "sssa{sv}", "local", "/srv/git/x.git", "", 0)),
                "/repository/local");
        asked_is("repository_create my-shop " URL " [main] uid=0\n"
                 "repository_create local /srv/git/x.git [] uid=0\n");
        fixture_expect_signals("added /repository/my_2dshop\nadded /repository/local\n");
}

Test(manager_bus, refuses_a_bad_repository)
{
        fixture_fails(BUS_ERROR_INVALID_NAME, "a-z",
                      CALL("CreateRepository", "sssa{sv}", "Shop", URL, "", 0));
        fixture_fails(BUS_ERROR_INVALID_NAME, "''", CALL("CreateRepository", "sssa{sv}", "", URL, "", 0));
        fixture_fails(BUS_ERROR_INVALID_URL, "https://",
                      CALL("CreateRepository", "sssa{sv}", "shop", "ftp://example.com/x", "", 0));
        fixture_fails(BUS_ERROR_INVALID_URL, "/srv/git",
                      CALL("CreateRepository", "sssa{sv}", "shop", "/etc/shadow", "", 0));
        fixture_fails(BUS_ERROR_INVALID_REVISION, "default-branch",
                      CALL("CreateRepository", "sssa{sv}", "shop", URL, "--upload-pack=x", 0));
        fixture_fails(INVALID_ARGS, "colour",
                      CALL("CreateRepository", "sssa{sv}", "shop", URL, "", 1, "colour", "s", "x"));
        asked_is("");
}

Test(manager_bus, does_not_show_a_password)
{
        sd_bus_message *answer = fixture_call(
                CALL("CreateRepository", "sssa{sv}", "shop", "ssh://me:s3cret@example.com/x", "", 0));

        fixture_check_error(answer, BUS_ERROR_INVALID_URL, "password", __LINE__);
        cr_assert_not(strstr(sd_bus_message_get_error(answer)->message, "s3cret"));
        sd_bus_message_unref(answer);
}

Test(manager_bus, creates_an_app)
{
        (void) fixture_repository("code");
        answers(fixture_call(CALL("CreateApp", "ssa{sv}", "shop", "code", 0)), "/app/shop");
        answers(fixture_call(CALL("CreateApp", "ssa{sv}", "my-shop", "code", 14, "Buildpack", "s", "node",
                                  "BuildCommand", "s", "make", "Readiness", "s", "notify", "HealthCheckPath",
                                  "s", "/up", "HealthCheckTimeoutUSec", "t", (uint64_t) 7000000,
                                  "CheckSettleUSec", "t", (uint64_t) 9000000, "Formation", "a{su}", 2,
                                  "worker", 2, "web", 1, "AccessMode", "s", "internal", "Branch", "s",
                                  "next", "Directory", "s", "web/shop", "StopTimeoutUSec", "t",
                                  (uint64_t) 5000000, "MemoryMax", "t", (uint64_t) 1 << 30, "TasksMax", "t",
                                  (uint64_t) 64, "CPUQuotaPerSecUSec", "t", (uint64_t) 500000)),
                "/app/my_2dshop");
        asked_is("app_create shop private [] [] 0 0 0 0 [] [] port [] 0 0 no [] {} uid=0\n"
                 "app_create my-shop internal [next] [web/shop] 5000000 1073741824 64 500000 [node] [make] "
                 "notify [/up] 7000000 9000000 no [] {web=1 worker=2} uid=0\n");
}

Test(manager_bus, refuses_a_bad_app)
{
        (void) fixture_repository("code");
        fixture_fails(BUS_ERROR_INVALID_NAME, "a-z", CALL("CreateApp", "ssa{sv}", "my--shop", "code", 0));
        fixture_fails(BUS_ERROR_NO_SUCH_REPOSITORY, "'other'",
                      CALL("CreateApp", "ssa{sv}", "shop", "other", 0));
        fixture_fails(NOT_SUPPORTED, "Port",
                      CALL("CreateApp", "ssa{sv}", "shop", "code", 1, "Port", "q", 30001));
        fixture_fails(NOT_SUPPORTED, "AutoDeploy",
                      CALL("CreateApp", "ssa{sv}", "shop", "code", 1, "AutoDeploy", "b", true));
        fixture_fails(INVALID_ARGS, "Formation has no process above 0",
                      CALL("CreateApp", "ssa{sv}", "shop", "code", 1, "Formation", "a{su}", 1, "web", 0));
        fixture_fails(INVALID_ARGS, "private",
                      CALL("CreateApp", "ssa{sv}", "shop", "code", 1, "AccessMode", "s", "secret"));
        fixture_fails(INVALID_ARGS, "Branch, Directory",
                      CALL("CreateApp", "ssa{sv}", "shop", "code", 1, "Colour", "s", "red"));
        fixture_fails(INVALID_ARGS, "MemoryMax is of type t, not s",
                      CALL("CreateApp", "ssa{sv}", "shop", "code", 1, "MemoryMax", "s", "1G"));
        fixture_fails(INVALID_ARGS, "Branch is of type s, not a{sv}",
                      CALL("CreateApp", "ssa{sv}", "shop", "code", 1, "Branch", "a{sv}", 0));
        fixture_fails(
                INVALID_ARGS, "given twice",
                CALL("CreateApp", "ssa{sv}", "shop", "code", 2, "Branch", "s", "a", "Branch", "s", "b"));
        fixture_fails(BUS_ERROR_INVALID_REVISION, "Branch",
                      CALL("CreateApp", "ssa{sv}", "shop", "code", 1, "Branch", "s", "a b"));
        fixture_fails(INVALID_ARGS, "Directory",
                      CALL("CreateApp", "ssa{sv}", "shop", "code", 1, "Directory", "s", "../x"));
        asked_is("");
}

Test(manager_bus, finds_by_name_and_id)
{
        fixture_deployment(fixture_app("my-shop", fixture_repository("code")), 42);
        answers(fixture_call(CALL("GetRepository", "s", "code")), "/repository/code");
        answers(fixture_call(CALL("GetApp", "s", "my-shop")), "/app/my_2dshop");
        answers(fixture_call(CALL("GetDeployment", "t", (uint64_t) 42)), "/deployment/_342");
        fixture_fails(BUS_ERROR_NO_SUCH_REPOSITORY, "'my-shop'", CALL("GetRepository", "s", "my-shop"));
        fixture_fails(BUS_ERROR_NO_SUCH_APP, "'code'", CALL("GetApp", "s", "code"));
        fixture_fails(BUS_ERROR_NO_SUCH_DEPLOYMENT, "logs/*/43.zst its log",
                      CALL("GetDeployment", "t", (uint64_t) 43));
}

Test(manager_bus, lists_repositories_and_apps_by_name)
{
        Repository *code = fixture_repository("code"), *art = fixture_repository("art");
        App *shop = fixture_app("shop", code);

        answers(fixture_call(CALL("ListRepositories", NULL)),
                "[[art,https://example.com/shop.git,,/repository/art],"
                "[code,https://example.com/shop.git,,/repository/code]]");
        (void) fixture_app("my-shop", art);
        shop->port = 30001;
        cr_assert(instance_new(fixture_deployment(shop, 42), "web", 1, 20007));
        model_set_deployment_status(fixture.model, model_deployment(fixture.model, 42), DEPLOYMENT_LIVE);
        shop->status = APP_RUNNING;
        answers(fixture_call(CALL("ListApps", NULL)),
                "[[my-shop,private,new,0,0,/app/my_2dshop],[shop,private,running,30001,20007,/app/shop]]");
}

Test(manager_bus, lists_deployments_from_the_database)
{
        static const DeploymentRecord records[] = {
                { .id = 9,
                  .app = "shop",
                  .status = DEPLOYMENT_LIVE,
                  .revision = "abc",
                  .assigned_port = 20001,
                  .created_at = 5,
                  .finished_at = 7 },
                { .id = 8, .app = "shop", .status = DEPLOYMENT_FAILED, .error_summary = "no Procfile" },
        };

        (void) fixture_app("shop", fixture_repository("code"));
        fixture.pipeline.records = records;
        fixture.pipeline.n_records = ELEMENTSOF(records);
        answers(fixture_call(CALL("ListDeployments", "stu", "shop", (uint64_t) 10, 7)),
                "[[9,shop,live,abc,20001,5,7,],[8,shop,failed,,0,0,0,no Procfile]]");
        fixture.pipeline.n_records = 0;
        answers(fixture_call(CALL("ListDeployments", "stu", "", (uint64_t) 0, 0)), "[]");
        answers(fixture_call(CALL("ListDeployments", "stu", "", (uint64_t) 0, 1000)), "[]");
        fixture_fails(INVALID_ARGS, "1000", CALL("ListDeployments", "stu", "", (uint64_t) 0, 1001));
        fixture_fails(BUS_ERROR_NO_SUCH_APP, "'other'",
                      CALL("ListDeployments", "stu", "other", (uint64_t) 0, 0));
        asked_is("history_list shop 10 7\nhistory_list * 0 50\nhistory_list * 0 1000\n");
        fixture.pipeline.error_later = BUS_ERROR_DATABASE_UNAVAILABLE;
        fixture_fails(BUS_ERROR_DATABASE_UNAVAILABLE, "failed",
                      CALL("ListDeployments", "stu", "", (uint64_t) 0, 0));
}

/* Names and signatures of a{sv}, in their order. Caller frees. */
static char *describe_keys(sd_bus_message *answer)
{
        char *keys = strdup("");
        const char *name, *contents;

        cr_assert(sd_bus_message_enter_container(answer, 'a', "{sv}") > 0);
        while (sd_bus_message_enter_container(answer, 'e', "sv") > 0) {
                cr_assert(sd_bus_message_read(answer, "s", &name) > 0);
                cr_assert(sd_bus_message_peek_type(answer, NULL, &contents) > 0);
                fixture_append(&keys, "%s %s\n", name, contents);
                cr_assert(sd_bus_message_skip(answer, "v") > 0);
                cr_assert(sd_bus_message_exit_container(answer) > 0);
        }
        sd_bus_message_unref(answer);
        return keys;
}

Test(manager_bus, describes_every_deployment_alike)
{
        static const DeploymentRecord old = { .id = 7,
                                              .app = "shop",
                                              .status = DEPLOYMENT_FAILED,
                                              .requested_revision = "main",
                                              .error_summary = "no Procfile" };
        char *of_new, *of_old, *of_all;
        sd_bus_message *answer;

        fixture_deployment(fixture_app("shop", fixture_repository("code")), 42);
        fixture.pipeline.records = &old;
        fixture.pipeline.n_records = 1;
        of_new = describe_keys(fixture_call(CALL("DescribeDeployment", "t", (uint64_t) 42)));
        asked_is("");
        of_old = describe_keys(fixture_call(CALL("DescribeDeployment", "t", (uint64_t) 7)));
        asked_is("history_describe 7\n");
        answer = fixture_call(fixture.client, BUS_PATH_DEPLOYMENT "/_342", "org.freedesktop.DBus.Properties",
                              "GetAll", "s", BUS_INTERFACE_DEPLOYMENT);
        of_all = describe_keys(answer);
        cr_assert_str_eq(of_new, of_all);
        cr_assert_str_eq(of_old, of_all);
        free(of_new);
        free(of_old);
        free(of_all);

        fixture.pipeline.error_later = BUS_ERROR_NO_SUCH_DEPLOYMENT;
        fixture_fails(BUS_ERROR_NO_SUCH_DEPLOYMENT, "", CALL("DescribeDeployment", "t", (uint64_t) 99));
}

Test(manager_bus, describes_what_is_published_as_it_is)
{
        App *app = fixture_app("shop", fixture_repository("code"));
        Deployment *deployment = fixture_deployment(app, 42);

        deployment->created_at = 5;
        deployment->requested_by = 1000;
        cr_assert(instance_new(deployment, "web", 1, 20007));
        answers(fixture_call(CALL("DescribeDeployment", "t", (uint64_t) 42)),
                "[[Id,42],[App,/app/"
                "shop],[AppName,shop],[Status,queued],[RequestedRevision,],[Revision,],[ImageTag,],"
                "[AssignedPort,20007],[Units,[deployd-app-shop-42.web.1.service]],[Progress,-1],[SettlesAt,0],[StatusText,"
                "],[Warnings,[]],"
                "[CreatedAt,5],[StartedAt,0],[FinishedAt,0],[ErrorSummary,],[LogsPath,],[RequestedBy,1000]]");
}

Test(manager_bus, deploys)
{
        (void) fixture_app("shop", fixture_repository("code"));
        answers(fixture_call(CALL("Deploy", "ssa{sv}", "shop", "", 0)), "42 /deployment/_342");
        answers(fixture_call(CALL("Deploy", "ssa{sv}", "shop", "v1.0", 1, "request-id", "s", "abc 1")),
                "43 /deployment/_343");
        asked_is("deployment_create shop [] [none] uid=0\ndeployment_create shop [v1.0] [abc 1] uid=0\n");
        answers(fixture_call(CALL("Deploy", "ssa{sv}", "shop", "", 1, "rebuild", "b", true)),
                "44 /deployment/_344");
        answers(fixture_call(CALL("Deploy", "ssa{sv}", "shop", "", 1, "rebuild", "b", false)),
                "45 /deployment/_345");
        asked_is("deployment_create shop [] [none] uid=0\n"
                 "deployment_create shop [v1.0] [abc 1] uid=0\n"
                 "deployment_create shop [] [none] uid=0 rebuild\n"
                 "deployment_create shop [] [none] uid=0\n");
        fixture_fails(INVALID_ARGS, "The option rebuild is of type b, not s",
                      CALL("Deploy", "ssa{sv}", "shop", "", 1, "rebuild", "s", "yes"));
        fixture_fails(BUS_ERROR_NO_SUCH_APP, "'other'", CALL("Deploy", "ssa{sv}", "other", "", 0));
        fixture_fails(BUS_ERROR_INVALID_REVISION, "'a b'", CALL("Deploy", "ssa{sv}", "shop", "a b", 0));
        fixture_fails(INVALID_ARGS, "allowed are: request-id",
                      CALL("Deploy", "ssa{sv}", "shop", "", 1, "force", "b", true));
        fixture_fails(INVALID_ARGS, "request-id",
                      CALL("Deploy", "ssa{sv}", "shop", "", 1, "request-id", "s", ""));
        fixture_fails(INVALID_ARGS, "request-id",
                      CALL("Deploy", "ssa{sv}", "shop", "", 1, "request-id", "s", "a\nb"));
        fixture_fails(INVALID_ARGS, "request-id",
                      CALL("Deploy", "ssa{sv}", "shop", "", 1, "request-id", "t", (uint64_t) 1));
}

Test(manager_bus, lists_migrations)
{
        AppliedMigration migrations[] = { { .version = 1,
                                            .name = (char[]){ "initial" },
                                            .sha256 = (char[]){ "00ff" },
                                            .applied_at = 5 } };

        fixture.facts.migrations = migrations;
        fixture.facts.n_migrations = 1;
        answers(fixture_call(CALL("ListMigrations", NULL)), "[[1,initial,00ff,5]]");
}

Test(manager_bus, reloads)
{
        fixture_succeeds(CALL("Reload", NULL));
        cr_assert_eq(fixture.n_reloads, 1);
        fixture.reload_error = INVALID_ARGS;
        fixture_fails(INVALID_ARGS, "deploy.conf:3", CALL("Reload", NULL));
}

Test(manager_bus, passes_on_the_errors_of_the_pipeline)
{
        static const char *const errors[] = { BUS_ERROR_ALREADY_EXISTS, BUS_ERROR_QUEUE_FULL,
                                              BUS_ERROR_NO_SPACE, BUS_ERROR_NO_FREE_PORT,
                                              BUS_ERROR_DATABASE_UNAVAILABLE };

        (void) fixture_app("shop", fixture_repository("code"));
        for (size_t i = 0; i < ELEMENTSOF(errors); i++) {
                fixture.pipeline.error_now = errors[i];
                fixture_fails(errors[i], "refused", CALL("Deploy", "ssa{sv}", "shop", "", 0));
                fixture.pipeline.error_now = NULL;
                fixture.pipeline.error_later = errors[i];
                fixture_fails(errors[i], "failed", CALL("Deploy", "ssa{sv}", "shop", "", 0));
                fixture.pipeline.error_later = NULL;
        }
}

Test(manager_bus, refuses_wrong_signatures)
{
        fixture_fails(INVALID_ARGS, "sssa{sv}", CALL("CreateRepository", "s", "shop"));
        fixture_fails(INVALID_ARGS, "", CALL("Reload", "s", "now"));
        fixture_fails(INVALID_ARGS, "", CALL("GetApp", NULL));
        fixture_fails("org.freedesktop.DBus.Error.UnknownMethod", "", CALL("Explode", NULL));
        fixture_fails("org.freedesktop.DBus.Error.UnknownProperty", "", fixture.client, BUS_PATH,
                      "org.freedesktop.DBus.Properties", "Get", "ss", BUS_INTERFACE_MANAGER, "Colour");
        fixture_fails("org.freedesktop.DBus.Error.PropertyReadOnly", "", fixture.client, BUS_PATH,
                      "org.freedesktop.DBus.Properties", "Set", "ssv", BUS_INTERFACE_MANAGER, "Version", "s",
                      "2");
}

Test(manager_bus, says_why_the_administrator_has_to_decide)
{
        static char sentence[] = "the apps are another database's";

        fixture_property_is("", BUS_PATH, BUS_INTERFACE_MANAGER, "Attention");
        fixture.facts.attention = sentence;
        fixture_property_is("the apps are another database's", BUS_PATH, BUS_INTERFACE_MANAGER, "Attention");
}

Test(manager_bus, lists_before_it_adopts)
{
        answers(fixture_call(CALL("Adopt", "b", 0)), "[the first line,the second line]");
        answers(fixture_call(CALL("Adopt", "b", 1)), "[the first line,the second line]");
        cr_assert_str_eq(fixture.pipeline.asked, "adopt list\nadopt really\n");
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "base/text.h"
#include "tests/dbus/fixture.h"

/* SetEnvironment, StageEnvironment, GetEnvironment, EnvironmentNames, EnvironmentStaged, Redeploy. */
BUS_SUITE(environment_bus);

#define SHOP             BUS_PATH_APP "/shop"
#define APP(member, ...) fixture.client, SHOP, BUS_INTERFACE_APP, member, __VA_ARGS__
#define INVALID_ARGS     "org.freedesktop.DBus.Error.InvalidArgs"
#define ACCESS_DENIED    "org.freedesktop.DBus.Error.AccessDenied"

#define asked_is(wanted)  cr_assert_str_eq(text_or_empty(fixture.pipeline.asked), wanted)
#define names_are(wanted) fixture_property_is(wanted, SHOP, BUS_INTERFACE_APP, "EnvironmentNames")
#define staged_is(wanted) fixture_property_is(wanted, SHOP, BUS_INTERFACE_APP, "EnvironmentStaged")

/* The call replies with that deployment. */
static void causes(sd_bus_message *answer, uint64_t id, const char *path)
{
        uint64_t answered;
        const char *answered_path;

        cr_assert_not(sd_bus_message_is_method_error(answer, NULL));
        cr_assert_geq(sd_bus_message_read(answer, "to", &answered, &answered_path), 0);
        cr_expect_eq(answered, id);
        cr_expect_str_eq(answered_path, path);
        sd_bus_message_unref(answer);
}

static App *add_app(void)
{
        return fixture_app("shop", fixture_repository("code"));
}

static App *add_live_app(void)
{
        App *app = add_app();

        model_set_deployment_status(fixture.model, fixture_deployment(app, 41), DEPLOYMENT_LIVE);
        return app;
}

/* NAME=VALUE; of all that GetEnvironment says. Caller frees. */
static char *get_environment(void)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = fixture_call(APP("GetEnvironment", NULL));
        const char *name, *value;
        char *all = strdup("");

        cr_assert_not(sd_bus_message_is_method_error(answer, NULL));
        cr_assert_geq(sd_bus_message_enter_container(answer, 'a', "{ss}"), 0);
        while (sd_bus_message_read(answer, "{ss}", &name, &value) > 0) {
                char *longer = text_format("%s%s=%s;", all, name, value);

                free(all);
                all = longer;
        }
        return all;
}

static void environment_is(const char *wanted)
{
        _cleanup_free_ char *all = get_environment();

        cr_assert_str_eq(all, wanted);
}

Test(environment_bus, what_is_set_is_what_was_there_with_the_changes)
{
        (void) add_live_app();
        environment_is("");
        names_are("[]");
        causes(fixture_call(APP("SetEnvironment", "a{ss}as", 2, "B", "2", "A", "a b\n\"$'\\", 0)), 42,
               BUS_PATH_DEPLOYMENT "/_342");
        environment_is("A=a b\n\"$'\\;B=2;");
        names_are("[A,B]");
        causes(fixture_call(APP("SetEnvironment", "a{ss}as", 2, "C", "", "B", "3", 2, "A", "NEVER")), 43,
               BUS_PATH_DEPLOYMENT "/_343");
        environment_is("B=3;C=;");
        names_are("[B,C]");
        causes(fixture_call(APP("SetEnvironment", "a{ss}as", 1, "C", "x", 1, "C")), 44,
               BUS_PATH_DEPLOYMENT "/_344");
        environment_is("B=3;");
        asked_is("app_set_environment shop A=a b\n\"$'\\ B=2 uid=0\n"
                 "app_set_environment shop B=3 C= uid=0\n"
                 "app_set_environment shop B=3 uid=0\n");
}

Test(environment_bus, what_is_staged_is_set_and_not_deployed)
{
        App *app = add_live_app();

        cr_assert_eq(deployment_adopt(app->live), 0);
        staged_is("[]");
        fixture_succeeds(APP("StageEnvironment", "a{ss}as", 2, "A", "1", "B", "2", 0));
        environment_is("A=1;B=2;");
        names_are("[A,B]");
        staged_is("[A,B]");
        cr_assert_eq(deployment_adopt(app->live), 0);
        staged_is("[]");
        fixture_succeeds(APP("StageEnvironment", "a{ss}as", 2, "B", "other", "C", "3", 1, "A"));
        environment_is("B=other;C=3;");
        staged_is("[A,B,C]");
        asked_is("app_stage_environment shop A=1 B=2 uid=0\n"
                 "app_stage_environment shop B=other C=3 uid=0\n");
        cr_assert_null(model_deployment(fixture.model, 42), "nothing is deployed");
}

Test(environment_bus, what_is_staged_is_checked_as_what_is_set)
{
        (void) add_live_app();
        fixture_fails(INVALID_ARGS, "PORT is set by deployd or systemd and cannot be set here",
                      APP("StageEnvironment", "a{ss}as", 1, "PORT", "1", 0));
        fixture_fails(INVALID_ARGS, "'A B' is no name",
                      APP("StageEnvironment", "a{ss}as", 1, "AAA", "1", 1, "A B"));
        environment_is("");
        asked_is("");
        fixture.pipeline.error_now = BUS_ERROR_DATABASE_UNAVAILABLE;
        fixture_fails(BUS_ERROR_DATABASE_UNAVAILABLE, "refused",
                      APP("StageEnvironment", "a{ss}as", 1, "A", "1", 0));
}

Test(environment_bus, of_an_app_that_is_not_live_nothing_is_deployed)
{
        (void) add_app();
        causes(fixture_call(APP("SetEnvironment", "a{ss}as", 1, "A", "1", 0)), 0, "/");
        environment_is("A=1;");
}

Test(environment_bus, all_of_it_or_nothing)
{
        static const struct {
                const char *name, *value, *part;
        } rows[] = {
                { "PORT", "1", "PORT is set by deployd or systemd and cannot be set here" },
                { "LD_PRELOAD", "1", "LD_PRELOAD is set by" },
                { "SYSTEMD_X", "1", "SYSTEMD_X is set by" },
                { "NOTIFY_SOCKET", "1", "NOTIFY_SOCKET is set by" },
                { "", "1", "'' is no name of a variable: a name begins with a letter or _" },
                { "1A", "1", "'1A' is no name of a variable" },
                { "A-B", "1", "'A-B' is no name of a variable" },
                { "A\nB", "1", "is no name of a variable" },
                { "GOOD", "canary\x1b",
                  "the value of GOOD is not allowed: a value is UTF-8 without control" },
                { "GOOD", "canary\r", "the value of GOOD is not allowed" },
        };

        (void) add_live_app();
        fixture_succeeds(APP("SetEnvironment", "a{ss}as", 1, "KEPT", "as it is", 0));
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer =
                        fixture_call(APP("SetEnvironment", "a{ss}as", 3, "AAA", "canary", rows[i].name,
                                         rows[i].value, "ZZZ", "canary", 1, "KEPT"));

                fixture_check_error(answer, INVALID_ARGS, rows[i].part, __LINE__);
                cr_expect_null(strstr(sd_bus_message_get_error(answer)->message, "canary"));
        }
        fixture_fails(INVALID_ARGS, "HOME is set by",
                      APP("SetEnvironment", "a{ss}as", 1, "AAA", "1", 1, "HOME"));
        fixture_fails(INVALID_ARGS, "'A B' is no name",
                      APP("SetEnvironment", "a{ss}as", 1, "AAA", "1", 1, "A B"));
        environment_is("KEPT=as it is;");
        asked_is("app_set_environment shop KEPT=as it is uid=0\n");
}

Test(environment_bus, together_it_has_a_size)
{
        static char value[VARIABLE_VALUE_MAX + 2];
        sd_bus_message *call = fixture_new_call(fixture.client, SHOP, BUS_INTERFACE_APP, "SetEnvironment");
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;

        (void) add_live_app();
        memset(value, 'v', VARIABLE_VALUE_MAX + 1);
        fixture_fails(INVALID_ARGS, "the value of A is not allowed",
                      APP("SetEnvironment", "a{ss}as", 1, "A", value, 0));
        value[VARIABLE_VALUE_MAX] = '\0';
        fixture_succeeds(APP("SetEnvironment", "a{ss}as", 1, "A", value, 1, "A"));
        cr_assert_geq(sd_bus_message_open_container(call, 'a', "{ss}"), 0);
        for (char name[] = "A"; name[0] <= 'I'; name[0]++)
                cr_assert_geq(sd_bus_message_append(call, "{ss}", name, value), 0);
        cr_assert_geq(sd_bus_message_close_container(call), 0);
        cr_assert_geq(sd_bus_message_append(call, "as", 0), 0);
        answer = fixture_send(fixture.client, call);
        fixture_check_error(answer, INVALID_ARGS, "the environment of an app has at most 1048576 bytes",
                            __LINE__);
        environment_is("");
}

Test(environment_bus, values_are_for_those_who_may)
{
        sd_bus *nobody = fixture_connect(NOBODY);

        (void) add_live_app();
        fixture_succeeds(APP("SetEnvironment", "a{ss}as", 1, "A", "canary", 0));
        /* There is no polkit on this bus: it cannot be asked. */
        fixture_fails(ACCESS_DENIED, "", nobody, SHOP, BUS_INTERFACE_APP, "GetEnvironment", NULL);
        fixture_fails(ACCESS_DENIED, "", nobody, SHOP, BUS_INTERFACE_APP, "SetEnvironment", "a{ss}as", 0, 0);
        fixture_fails(ACCESS_DENIED, "", nobody, SHOP, BUS_INTERFACE_APP, "StageEnvironment", "a{ss}as", 0,
                      0);
        fixture_fails(ACCESS_DENIED, "", nobody, SHOP, BUS_INTERFACE_APP, "Redeploy", NULL);
        environment_is("A=canary;");
        sd_bus_flush_close_unref(nobody);
}

Test(environment_bus, a_change_is_told_by_names_alone)
{
        (void) add_app();
        fixture_succeeds(APP("SetEnvironment", "a{ss}as", 1, "A", "canary", 0));
        fixture_settle();
        cr_expect_not_null(strstr(text_or_empty(fixture.signals), "EnvironmentNames=[A]"), "%s",
                           text_or_empty(fixture.signals));
        cr_expect_null(strstr(text_or_empty(fixture.signals), "canary"));
}

Test(environment_bus, a_refusal_of_the_pipeline_is_passed_on)
{
        (void) add_live_app();
        fixture.pipeline.error_now = BUS_ERROR_QUEUE_FULL;
        fixture_fails(BUS_ERROR_QUEUE_FULL, "refused", APP("SetEnvironment", "a{ss}as", 1, "A", "1", 0));
        fixture.pipeline.error_now = NULL;
        fixture.pipeline.error_later = BUS_ERROR_DATABASE_UNAVAILABLE;
        fixture_fails(BUS_ERROR_DATABASE_UNAVAILABLE, "failed",
                      APP("SetEnvironment", "a{ss}as", 1, "A", "1", 0));
}

Test(environment_bus, what_is_live_is_deployed_again)
{
        (void) add_live_app();
        causes(fixture_call(APP("Redeploy", NULL)), 42, BUS_PATH_DEPLOYMENT "/_342");
        fixture.pipeline.error_now = BUS_ERROR_NOT_DEPLOYED;
        fixture_fails(BUS_ERROR_NOT_DEPLOYED, "refused", APP("Redeploy", NULL));
        asked_is("app_redeploy shop uid=0\napp_redeploy shop uid=0\n");
}

Test(environment_bus, a_redeploy_of_a_stopped_app_deploys_nothing)
{
        (void) add_app();
        causes(fixture_call(APP("Redeploy", NULL)), 0, "/");
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "base/text.h"
#include "tests/dbus/fake-polkit.h"

/* What an app or a build has printed is for who may read logs, and in nothing that everybody may read. */
BUS_SUITE(quotes_bus);

#define CANARY "s3cr3t-canary"
#define PATH   BUS_PATH_DEPLOYMENT "/_342"

#define PROPERTIES "org.freedesktop.DBus.Properties"
#define OUTPUT     BUS_PATH, BUS_INTERFACE_MANAGER, "DescribeOutput", "t"
#define DESCRIBE   BUS_PATH, BUS_INTERFACE_MANAGER, "DescribeDeployment", "t"
#define DENIED     "org.freedesktop.DBus.Error.AccessDenied"

static const DeploymentRecord past = { .id = 7,
                                       .app = "shop",
                                       .status = DEPLOYMENT_FAILED,
                                       .requested_revision = "main",
                                       .error_summary = "web.1 exited with status 1",
                                       .error_quote = ": " CANARY };

/* One that has failed, whose output had the canary in everything. */
static void begin(void)
{
        Deployment *deployment = fixture_deployment(fixture_app("shop", fixture_repository("code")), 42);

        fixture.pipeline.records = &past;
        fixture.pipeline.n_records = 1;
        fixture_settle();
        cr_assert(text_replace(&deployment->error_summary, "web.1 exited with status 3") >= 0);
        cr_assert(text_replace(&deployment->error_quote, ": " CANARY) >= 0);
        cr_assert(text_replace(&deployment->status_text, "building") >= 0);
        cr_assert(text_replace(&deployment->status_quote, "pip " CANARY) >= 0);
        cr_assert(text_replace(&deployment->warnings, "a key means nothing\n") >= 0);
        cr_assert(text_replace(&deployment->warnings_quoted, "old " CANARY "\n") >= 0);
        model_changed_deployment(fixture.model, deployment);
}

/* All of an answer in words, or its error. Takes it over; caller frees. */
static char *words(sd_bus_message *answer)
{
        char *all = strdup("");

        if (sd_bus_message_is_method_error(answer, NULL))
                fixture_append(&all, "%s", sd_bus_message_get_error(answer)->message);
        else
                while (sd_bus_message_at_end(answer, true) == 0) {
                        _cleanup_free_ char *value = fixture_value(answer);

                        fixture_append(&all, "%s ", value);
                }
        sd_bus_message_unref(answer);
        return all;
}

#define has(wanted, ...)                                                         \
        do {                                                                     \
                _cleanup_free_ char *_all = words(fixture_call(__VA_ARGS__));    \
                cr_assert(strstr(_all, "web.1 exited with status"), "%s", _all); \
                cr_assert_eq(strstr(_all, CANARY) != NULL, wanted, "%s", _all);  \
        } while (0)

static void check_reads(sd_bus *client, bool may)
{
        has(false, client, PATH, PROPERTIES, "Get", "ss", BUS_INTERFACE_DEPLOYMENT, "ErrorSummary");
        has(false, client, PATH, PROPERTIES, "GetAll", "s", BUS_INTERFACE_DEPLOYMENT);
        has(false, client, BUS_PATH, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", NULL);
        has(may, client, DESCRIBE, (uint64_t) 42);
        has(may, client, DESCRIBE, (uint64_t) 7);
        has(may, client, BUS_PATH, BUS_INTERFACE_MANAGER, "ListDeployments", "stu", "shop", (uint64_t) 0, 0);
}

Test(quotes_bus, are_in_nothing_that_others_may_read)
{
        sd_bus *stranger;

        begin();
        check_reads(fixture.watcher, false);
        /* The first call of a connection goes another way. */
        stranger = fixture_connect(NOBODY);
        has(false, stranger, PATH, PROPERTIES, "GetAll", "s", BUS_INTERFACE_DEPLOYMENT);
        sd_bus_close_unref(stranger);
}

Test(quotes_bus, are_in_what_root_asks_for_and_in_no_property)
{
        begin();
        check_reads(fixture.client, true);
}

Test(quotes_bus, are_in_no_signal)
{
        Deployment *deployment;

        begin();
        fixture_settle();
        cr_assert(strstr(fixture.signals, "ErrorSummary=web.1 exited with status 3"), "%s", fixture.signals);
        cr_assert(strstr(fixture.signals, "StatusText=building"), "%s", fixture.signals);
        cr_assert_null(strstr(fixture.signals, CANARY), "%s", fixture.signals);
        free(fixture.signals);
        fixture.signals = NULL;
        /* Nor when they are sent between a call of root's and its answer. */
        deployment = model_deployment(fixture.model, 42);
        deployment->progress = 0.5;
        model_changed_deployment(fixture.model, deployment);
        has(true, fixture.client, DESCRIBE, (uint64_t) 42);
        fixture_settle();
        cr_assert(strstr(fixture.signals, "Progress=0.5"), "%s", fixture.signals);
        cr_assert_null(strstr(fixture.signals, CANARY), "%s", fixture.signals);
}

Test(quotes_bus, are_for_those_who_may_read_logs)
{
        FakePolkit polkit;

        begin();
        fake_polkit_start(&polkit, POLKIT_YES);
        has(true, fixture.watcher, OUTPUT, (uint64_t) 42);
        has(true, fixture.watcher, OUTPUT, (uint64_t) 7);
        cr_assert_str_eq(polkit.asked, "logs verb=read the log of app=shop\n"
                                       "logs verb=read the log of deployment=7\n");
        polkit.answer = POLKIT_NO;
        fixture_fails(DENIED, "org.deployd.deploy1.logs", fixture.watcher, OUTPUT, (uint64_t) 42);
        fixture_fails(DENIED, "org.deployd.deploy1.logs", fixture.watcher, OUTPUT, (uint64_t) 7);
        fake_polkit_stop(&polkit);
}

Test(quotes_bus, come_with_what_everybody_may_read)
{
        _cleanup_free_ char *all = NULL;

        begin();
        all = words(fixture_call(fixture.client, OUTPUT, (uint64_t) 42));
        cr_assert_str_eq(all,
                         "[[ErrorSummary,web.1 exited with status 3: " CANARY "],[StatusText,pip " CANARY
                         "],[Warnings,[a key means nothing,old " CANARY "]]] ");
        fixture.pipeline.error_later = BUS_ERROR_NO_SUCH_DEPLOYMENT;
        fixture_fails(BUS_ERROR_NO_SUCH_DEPLOYMENT, "", fixture.client, OUTPUT, (uint64_t) 9);
}

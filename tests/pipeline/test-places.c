/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/pipeline/fixture.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/names.h"
#include "daemon/model/removed-app.h"
#include "daemon/pipeline/upkeep/purge.h"

/* Where an app may write in its tree. */

PIPELINE_SUITE(places);

static Deployment *deployment;

static void settings_are(const char *writable_tree, const char *persist)
{
        cr_assert_eq(text_replace(&fixture.app->settings.writable_tree, writable_tree), 0);
        cr_assert_eq(text_replace(&fixture.app->settings.persist, persist), 0);
}

/* A deployment whose tree is about to be there: it has app/NAME, a directory or a link to /etc. */
static void tree_has(const char *name, bool link)
{
        _cleanup_free_ char *path = text_format(PATH_RELEASES "/1.new/app/%s", name);

        fake_units.start[UNIT_IMPORT] = FAKE_STARTS;
        deployment = fixture_deploy();
        cr_assert_eq(mkdir(PATH_RELEASES "/1.new/app", 0755), 0, "%m");
        cr_assert_eq(link ? symlink("/etc", path) : mkdir(path, 0700), 0);
        cr_assert_eq(mkdir(PATH_RELEASES "/1.new/app/data2", 0700), 0);
        fake_unit_succeeds(fixture_job(UNIT_IMPORT, 1), NULL);
        loop_run();
}

static void app_has(const char *places)
{
        cr_assert_str_eq(fake_units.places[UNIT_APP], places);
}

Test(places, are_none_in_a_tree_by_default)
{
        deployment = fixture_deploy();
        app_has("/var/lib/deployd/releases/1/process /run/deployd/process\n"
                "/var/lib/deployd/releases/1/app /srv/app\n");
}

Test(places, are_a_copy_of_the_tree_in_memory)
{
        settings_are("yes", "");
        fixture.config->writable_tree_max = 4096;
        deployment = fixture_deploy();
        app_has("--writable\n"
                "/var/lib/deployd/releases/1/process /run/deployd/process\n"
                "/var/lib/deployd/releases/1/app /srv/release\n"
                "/srv/app 4096\n");
}

Test(places, are_directories_of_the_app_over_those_of_the_tree)
{
        settings_are("no", "data,data2");
        tree_has("data", false);
        status_is(deployment, "switching");
        app_has("--persist=data:data2\n"
                "/var/lib/deployd/releases/1/process /run/deployd/process\n"
                "/var/lib/deployd/releases/1/app /srv/release\n"
                "/var/lib/deployd/releases/1/app /srv/app\n"
                "/var/lib/private/deployd-apps/1+data > /srv/app/data\n"
                "/var/lib/private/deployd-apps/1+data2 > /srv/app/data2\n"
                "kept deployd-apps/1+data\n"
                "kept deployd-apps/1+data2\n");
}

Test(places, of_both_kinds_are_beside_the_copy)
{
        settings_are("yes", "public/uploads");
        tree_has("public", false);
        app_has("--writable\n"
                "--persist=public/uploads\n"
                "/var/lib/deployd/releases/1/process /run/deployd/process\n"
                "/var/lib/deployd/releases/1/app /srv/release\n"
                "/var/lib/private/deployd-apps/1+public+uploads > /srv/kept/public+uploads\n"
                "/srv/app 536870912\n"
                "kept deployd-apps/1+public+uploads\n");
}

Test(places, are_those_of_the_release_command_too)
{
        settings_are("no", "data");
        fake_units.answer[UNIT_IMPORT] = FAKE_RELEASE "process.web=yes\nprocess.release=yes";
        tree_has("data", false);
        cr_assert_str_eq(fake_units.places[UNIT_RELEASE], fake_units.places[UNIT_APP]);
        says(fake_units.places[UNIT_RELEASE], "/var/lib/private/deployd-apps/1+data > /srv/app/data\n");
}

Test(places, that_a_release_has_not_are_refused)
{
        settings_are("no", "public/uploads");
        tree_has("public", false);
        status_is(deployment, "failed");
        cr_assert_str_eq(
                deployment->error_summary,
                "the setting persist has public/uploads, which the release of deployment 1 does not have: "
                "'deployctl deploy shop' makes one that has it");
        cr_assert_neq(access(PATH_RELEASES "/1/app/public/uploads", F_OK), 0, "a release is never changed");
        cr_assert_null(fake_units.places[UNIT_APP], "nothing was started");
}

/* It would start with them. */
static void stopped_app_is_set(const char *persist, const char *refusal)
{
        _cleanup_(app_settings_clear) AppSettings settings = {};
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        Call call = answer_call();
        int r;

        cr_assert_eq(app_settings_copy(&settings, &fixture.app->settings), 0);
        cr_assert_eq(text_replace(&settings.persist, persist), 0);
        r = app_set(fixture.pipeline, fixture.app, &settings, &call, &error);
        loop_run();
        if (!refusal) {
                cr_assert_eq(r, 0, "%s", error.message);
                cr_assert_str_eq(fixture.app->live->settings.persist, persist);
                return;
        }
        cr_assert_lt(r, 0);
        says(error.message, refusal);
        cr_assert_str_eq(fixture.app->settings.persist, "");
}

Test(places, of_a_stopped_app_have_to_be_in_its_release)
{
        tree_has("data", false);
        loop_advance(fixture.config->check_settle);
        status_is(deployment, "live");
        fixture_stop();
        stopped_app_is_set("other",
                           "the setting persist has other, which the release of deployment 1 does not have");
        stopped_app_is_set(
                "other",
                "; shop is stopped, and would start with the setting: 'deployctl start shop' first");
        stopped_app_is_set("data", NULL);
}

Test(places, are_not_looked_for_through_a_link_of_the_tree)
{
        settings_are("no", "data/x");
        tree_has("data", true);
        status_is(deployment, "failed");
        cr_assert_str_eq(
                deployment->error_summary,
                "the setting persist has data/x, which is no directory in the tree: 'deployctl app set shop "
                "persist=DIRECTORY'");
        cr_assert_null(fake_units.places[UNIT_APP], "nothing was started");
}

Test(places, that_are_links_themselves_stop_the_release_command)
{
        settings_are("yes", "data");
        fake_units.answer[UNIT_IMPORT] = FAKE_RELEASE "process.web=yes\nprocess.release=yes";
        tree_has("data", true);
        status_is(deployment, "failed");
        says(deployment->error_summary, "the setting persist has data, ");
        cr_assert_null(fake_units.places[UNIT_RELEASE], "nothing was started");
}

/* What is said of a process that ends with that line. */
static void line_has_hint(const char *line, bool hint)
{
        fake_probe.hold = true;
        fake_units.last_line = line;
        deployment = fixture_deploy();
        fake_unit_exits(fixture_unit(deployment, "web.1"), 1);
        loop_run();
        status_is(deployment, "failed");
        says(deployment->error_quote, line);
        cr_assert_eq(strstr(deployment->error_quote,
                            ": 'deployctl app set shop persist=DIRECTORY' for what is to be kept, or "
                            "writable-tree=yes)") != NULL,
                     hint, "%s", deployment->error_quote);
}

Test(places, are_named_when_a_file_system_is_read_only)
{
        line_has_hint("Error: EROFS: read-only file system, mkdir '/srv/app/data'", true);
        line_has_hint("OSError: [Errno 30] Read-only file system: 'data'", true);
        line_has_hint("sqlite3.OperationalError: attempt to write a readonly database", true);
        line_has_hint("Error: no apples", false);
        settings_are("yes", "");
        line_has_hint("OSError: [Errno 30] Read-only file system: '/etc/x'", false);
}

Test(places, are_removed_with_the_data_of_the_app)
{
        const RemovedApp row = { .id = 7, .name = (char[]){ "gone" }, .deleting = true };

        cr_assert_eq(removed_app_new(fixture.model, &row), 0);
        cr_assert_eq(mkdir(PATH_APP_DATA "/7+data", 0700), 0);
        cr_assert_eq(mkdir(PATH_APP_DATA "/77+data", 0700), 0);
        cr_assert_eq(mkdir(PATH_APP_DATA "/7.aside-20260101T000000Z+data", 0700), 0);
        purge_data(fixture.pipeline, removed_app_by_id(fixture.model, 7), NULL);
        purge_data(fixture.pipeline, removed_app_by_id(fixture.model, 7), NULL);
        loop_run();
        cr_assert_eq(fake_units.n_cleans, 1);
        cr_assert_str_eq(fake_units.places[UNIT_REMOVE], "kept deployd-apps/7+data\n");
}

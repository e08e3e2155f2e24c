/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/pipeline/fixture.h"

#include <errno.h>

#include "base/names.h"

/* From a commit to a recorded release: fetching, import, release command. */

PIPELINE_SUITE(release);

static Deployment *deployment;

static void fails(const char *sentence)
{
        status_is(deployment, "failed");
        reason_is(deployment, sentence);
        cr_assert_null(fixture.fatal, "%s", fixture.fatal);
}

static void goes_live(void)
{
        loop_advance(fixture.config->check_settle);
        status_is(deployment, "live");
        cr_assert_null(fixture.fatal, "%s", fixture.fatal);
}

Test(release, is_of_the_commit_that_was_fetched)
{
        deployment = fixture_deploy();
        cr_assert_str_eq(deployment->revision, COMMIT);
        cr_assert_str_eq(fixture.app->repository->head_revision, COMMIT);
        cr_assert_str_eq(deployment->image_tag, "shop:0123456789ab-1");
        goes_live();
}

Test(release, has_the_warnings_of_its_fetch)
{
        fake_units.answer[UNIT_FETCH] =
                "commit=" COMMIT "\nhead=" COMMIT "\nwarning.1=logo.png is a pointer of Git LFS";
        deployment = fixture_deploy();
        loop_run();
        cr_assert_str_eq(deployment->warnings, "logo.png is a pointer of Git LFS\n");
}

Test(release, of_a_commit_without_a_branch_teaches_no_head)
{
        fake_units.answer[UNIT_FETCH] = "commit=" COMMIT "\nhead=";
        deployment = fixture_deploy();
        cr_assert_str_eq(fixture.app->repository->head_revision, "");
        goes_live();
}

Test(release, shows_what_its_fetch_says)
{
        fake_units.start[UNIT_FETCH] = FAKE_STARTS;
        deployment = fixture_deploy();
        cr_assert_str_eq(deployment->status_text, "fetching the repository");
        fake_unit_says(deployment->fetch_unit, "received 10 of 20 objects");
        loop_run();
        cr_assert_str_eq(deployment->status_text, "received 10 of 20 objects");
}

Test(release, needs_a_fetch_that_succeeds)
{
        fake_units.answer[UNIT_FETCH] = "error=there is no branch main";
        deployment = fixture_deploy();
        fails("fetch: there is no branch main");
}

Test(release, needs_a_commit)
{
        fake_units.answer[UNIT_FETCH] = "commit=main\nhead=";
        deployment = fixture_deploy();
        fails("fetch: its answer has no valid commit");
}

Test(release, needs_a_place_for_the_tree)
{
        cr_assert_eq(rmdir(PATH_SPOOL), 0);
        deployment = fixture_deploy();
        fails("fetch: No such file or directory");
}

Test(release, needs_a_place_to_be)
{
        fake_units.start[UNIT_FETCH] = FAKE_STARTS;
        deployment = fixture_deploy();
        cr_assert_eq(rename(PATH_RELEASES, PATH_RELEASES ".away"), 0);
        fake_units_work();
        loop_run();
        fails("import: No such file or directory");
}

Test(release, needs_an_import_that_succeeds)
{
        fake_units.answer[UNIT_IMPORT] = "error=the tree has a device in it";
        deployment = fixture_deploy();
        fails("import: the tree has a device in it");
}

/* An answer of the import, and the sentence about it. */
static const char *const unusable[][2] = {
        { "files=1\nbytes=1\nprocess.web=yes", "import: its answer is not usable: Bad message" },
        { FAKE_RELEASE "process.web=yes\nhealth.path=up",
          "import: its answer is not usable: Invalid argument" },
        { FAKE_RELEASE "process.web=yes\nformation.web=many",
          "import: its answer is not usable: Invalid argument" },
        { FAKE_RELEASE "process.web=yes\nhealth.wait-usec=x",
          "import: its answer is not usable: Invalid argument" },
        { FAKE_RELEASE "",
          "there is no Procfile in the root of commit 0123456789ab, and no buildpack says what is to run" },
        { FAKE_RELEASE "process.clock=yes",
          "the Procfile has no process named web (but clock): name what is to run, as in `deployctl scale shop web=0 "
          "clock=1`" },
        { FAKE_RELEASE "process.web=yes\nformation.wroker=1",
          "the formation has wroker=1, but neither the Procfile nor the buildpack has a process named wroker (they have web)" },
        { FAKE_RELEASE "process.web=yes\nvariable-required.0=PRICE",
          "app.json requires PRICE, which nobody has set: deployctl config set shop PRICE=…" },
};

Test(release, needs_an_answer_that_can_be_used)
{
        for (size_t i = 0; i < ELEMENTSOF(unusable); i++) {
                fake_units.answer[UNIT_IMPORT] = unusable[i][0];
                deployment = fixture_deploy();
                fails(unusable[i][1]);
                fixture_reset();
        }
}

Test(release, may_have_keys_that_mean_nothing)
{
        fake_units.answer[UNIT_IMPORT] = FAKE_RELEASE "process.web=yes\nignored=addons";
        deployment = fixture_deploy();
        goes_live();
}

Test(release, brings_values_for_variables_that_nobody_has_set)
{
        fake_units.answer[UNIT_IMPORT] = FAKE_RELEASE "process.web=yes\nvariable.0=PRICE=1";
        deployment = fixture_deploy();
        cr_assert_str_eq(variables_get(deployment_variables(deployment), "PRICE"), "1");
        cr_assert_eq(fixture.app->environment, deployment->environment);
        goes_live();
}

Test(release, leaves_variables_that_are_set)
{
        fixture_set_variable("PRICE", "2");
        fake_units.answer[UNIT_IMPORT] =
                FAKE_RELEASE "process.web=yes\nvariable.0=PRICE=1\nvariable.1=COLOUR=red";
        deployment = fixture_deploy();
        cr_assert_str_eq(variables_get(deployment_variables(deployment), "PRICE"), "2");
        cr_assert_str_eq(variables_get(deployment_variables(deployment), "COLOUR"), "red");
        goes_live();
}

Test(release, brings_its_values_to_what_was_set_meanwhile)
{
        fake_units.answer[UNIT_IMPORT] =
                FAKE_RELEASE "process.web=yes\nvariable.0=PRICE=1\nvariable.1=COLOUR=red";
        fake_store.hold = "environment_default";
        deployment = fixture_deploy();
        status_is(deployment, "fetching");
        fixture_set_variable("COLOUR", "blue");
        fake_store_release();
        loop_run();
        cr_assert_str_eq(variables_get(deployment_variables(deployment), "COLOUR"), "red");
        cr_assert_str_eq(variables_get(app_variables(fixture.app), "COLOUR"), "blue");
        cr_assert_str_eq(variables_get(app_variables(fixture.app), "PRICE"), "1");
}

/* A release of the same commit as the live one, with other variables since. */
Test(release, brings_its_values_to_the_next_version_too)
{
        fixture_go_live();
        fixture_set_variable("PRICE", "2");
        loop_advance(fixture.config->check_settle);
        fake_units.answer[UNIT_IMPORT] = FAKE_RELEASE "process.web=yes\nvariable.0=SIZE=3";
        fake_store.hold = "environment_default";
        deployment = fixture_deploy();
        fixture_set_variable("COLOUR", "blue");
        fake_store_release();
        loop_run();
        cr_assert_str_eq(variables_get(deployment_variables(deployment), "SIZE"), "3");
        cr_assert_null(variables_get(deployment_variables(deployment), "COLOUR"));
        cr_assert_str_eq(variables_get(app_variables(fixture.app), "SIZE"), "3");
        cr_assert_str_eq(variables_get(app_variables(fixture.app), "COLOUR"), "blue");
}

/* What the database refuses of it. */
Test(release, that_the_database_refuses_fails_the_deployment)
{
        fake_store.refuse = "deployment_set_release";
        fake_store.error = -EIO;
        fake_store.sentence = "no";
        deployment = fixture_deploy();
        fails("the release could not be recorded: no");
}

Test(release, whose_values_the_database_refuses_ends_the_daemon)
{
        fake_units.answer[UNIT_IMPORT] = FAKE_RELEASE "process.web=yes\nvariable.0=PRICE=1";
        fake_store.refuse = "environment_default";
        fake_store.error = -EIO;
        deployment = fixture_deploy();
        cr_assert_str_eq(fixture.fatal, "The values of app.json could not be recorded");
        status_is(deployment, "fetching");
}

Test(release, that_the_database_cannot_be_asked_for_ends_the_daemon)
{
        fake_store.unsent = "deployment_set_release";
        deployment = fixture_deploy();
        cr_assert_str_eq(fixture.fatal, "a change could not be sent to the database");
}

Test(release, of_an_app_that_is_removed_meanwhile_comes_to_nothing)
{
        fake_store.hold = "deployment_set_release";
        fixture_deploy();
        fixture_remove(/* force= */ true);
        fake_store_release();
        loop_run();
        cr_assert_null(fixture.fatal, "%s", fixture.fatal);
}

static void want_command(void)
{
        fake_units.answer[UNIT_IMPORT] = FAKE_RELEASE "process.web=yes\nprocess.release=yes";
        fake_units.start[UNIT_RELEASE] = FAKE_STARTS;
        deployment = fixture_deploy();
        status_is(deployment, "releasing");
        cr_assert_str_eq(deployment->status_text, "running its release command");
}

Test(release, needs_a_command_that_succeeds)
{
        want_command();
        fake_units.last_line = "no such table";
        fake_unit_exits(fixture_job(UNIT_RELEASE, deployment->id), 2);
        loop_run();
        fails("the release command exited with status 2|: no such table");
}

Test(release, needs_an_environment_for_its_command)
{
        fake_units.answer[UNIT_IMPORT] = FAKE_RELEASE "process.web=yes\nprocess.release=yes";
        cr_assert_eq(rename(PATH_ENVIRONMENT, PATH_ENVIRONMENT ".away"), 0);
        deployment = fixture_deploy();
        fails("the release command could not be started: No such file or directory");
}

Test(release, has_its_command_run_once_over_a_restart_of_the_daemon)
{
        const char *unit;

        want_command();
        fixture_restart();
        status_is(deployment, "releasing");
        unit = fixture_job(UNIT_RELEASE, deployment->id);
        cr_assert_eq(fake_unit_n_starts(unit), 2, "the second takes it back");
        fake_unit_succeeds(unit, NULL);
        goes_live();
}

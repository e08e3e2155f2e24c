/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/pipeline/fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/names.h"

/* From a tree to a release that was built. */

PIPELINE_SUITE(build);

static Deployment *deployment;

static void fails(const char *sentence)
{
        status_is(deployment, "failed");
        cr_assert_str_eq(deployment->error_summary, sentence);
        cr_assert_null(fixture.fatal, "%s", fixture.fatal);
}

static void goes_live(void)
{
        loop_advance(fixture.config->check_settle);
        status_is(deployment, "live");
        cr_assert_null(fixture.fatal, "%s", fixture.fatal);
}

static void want_build(void)
{
        cr_assert_eq(text_replace(&fixture.app->settings.buildpack, ""), 0);
}

Test(build, is_built)
{
        want_build();
        fake_units.start[UNIT_BUILD] = FAKE_STARTS;
        deployment = fixture_deploy();
        status_is(deployment, "building");
        cr_assert_str_eq(deployment->status_text, "building");
        fake_unit_says(fixture_job(UNIT_BUILD, deployment->id), "npm ci");
        loop_run();
        cr_assert_str_eq(deployment->status_text, "npm ci");
        fake_units_work();
        goes_live();
        cr_assert_str_eq(deployment->release->buildpack, "python");
}

Test(build, that_no_buildpack_wants_is_the_tree_as_it_came)
{
        want_build();
        fake_units.answer[UNIT_BUILD] = "buildpack=none";
        deployment = fixture_deploy();
        goes_live();
        cr_assert_str_eq(deployment->release->buildpack, "");
}

Test(build, has_the_warnings_of_its_build)
{
        want_build();
        fake_units.answer[UNIT_BUILD] = "buildpack=python\nwarning.1=there is no lock file\nwarning.2=old";
        deployment = fixture_deploy();
        goes_live();
        cr_assert_str_eq(deployment->warnings, "there is no lock file\nold\n");
}

Test(build, has_no_more_warnings_than_are_shown)
{
        char text[1024] = "buildpack=python";

        want_build();
        for (unsigned i = 1; i <= 25; i++)
                (void) snprintf(text + strlen(text), sizeof(text) - strlen(text), "\nwarning.%u=number %u",
                                i, i);
        fake_units.answer[UNIT_BUILD] = text;
        deployment = fixture_deploy();
        goes_live();
        cr_assert_not_null(strstr(deployment->warnings, "number 20\n"));
        cr_assert_null(strstr(deployment->warnings, "number 21\n"));
}

Test(build, needs_a_build_that_succeeds)
{
        want_build();
        fake_units.answer[UNIT_BUILD] = "error=npm exited with status 1";
        deployment = fixture_deploy();
        fails("build: npm exited with status 1");
}

Test(build, needs_the_secret_of_its_build)
{
        want_build();
        cr_assert_eq(symlink("/nowhere", PATH_BUILD_KEY), 0);
        deployment = fixture_deploy();
        fails("build: Too many levels of symbolic links");
}

Test(build, needs_the_secret_of_its_build_also_when_it_is_built)
{
        want_build();
        fake_store.hold = "202";
        deployment = fixture_deploy();
        cr_assert_eq(unlink(PATH_BUILD_KEY), 0);
        cr_assert_eq(symlink("/nowhere", PATH_BUILD_KEY), 0);
        fake_store_release();
        loop_run();
        fails("build: Too many levels of symbolic links");
}

Test(build, is_not_built_a_second_time)
{
        want_build();
        fixture_go_live();
        deployment = fixture_deploy();
        goes_live();
        cr_assert_eq(deployment->release_id, 1);
        cr_assert_str_eq(deployment->image_tag, "shop:0123456789ab-1");
        cr_assert_not(fake_unit_is_loaded(fixture_job(UNIT_BUILD, deployment->id)));
        cr_assert_eq(fake_unit_n_starts(fixture_job(UNIT_BUILD, deployment->id)), 0);
}

Test(build, is_built_a_second_time_when_somebody_wants_it)
{
        want_build();
        fixture_go_live();
        deployment = fixture_rebuild();
        goes_live();
        cr_assert_eq(deployment->release_id, deployment->id);
        cr_assert_eq(fake_unit_n_starts(fixture_job(UNIT_BUILD, deployment->id)), 1);
}

Test(build, is_built_after_all_when_the_other_is_forgotten_at_that_moment)
{
        want_build();
        fixture_go_live();
        fake_store.refuse = "deployment_set_release";
        fake_store.error = -EBUSY;
        deployment = fixture_deploy();
        goes_live();
        cr_assert_eq(deployment->release_id, deployment->id);
        cr_assert_eq(fake_unit_n_starts(fixture_job(UNIT_BUILD, deployment->id)), 1);
}

Test(build, is_not_built_any_more_when_the_disk_is_full)
{
        want_build();
        fake_units.start[UNIT_BUILD] = FAKE_STARTS;
        deployment = fixture_deploy();
        loop_advance(10 * USEC_PER_SEC);
        status_is(deployment, "building");
        fixture.config->min_free_space = UINT64_MAX;
        loop_advance(USEC_PER_SEC);
        status_is(deployment, "failed");
        says(deployment->error_summary, "the disk of /var/lib/deployd has ");
}

/* The daemon does not know yet whether builds are held by their limits. */
static void try_limits(void)
{
        want_build();
        fixture.config->require_sandbox = true;
        fake_units.start[UNIT_LIMIT] = FAKE_STARTS;
        cr_assert_eq(unlink(PATH_LIMITS), 0);
        fixture_restart();
        deployment = fixture_deploy();
        status_is(deployment, "building");
        cr_assert_str_eq(deployment->status_text, "waiting: the limits of this machine are being tried");
}

Test(build, is_built_when_the_limits_are_known_to_hold)
{
        try_limits();
        fake_units.start[UNIT_LIMIT] = FAKE_WORKS;
        fake_unit_exits("deployd-limit-memory-1.service", 3);
        goes_live();
}

Test(build, is_not_built_when_the_limits_do_not_hold)
{
        try_limits();
        fake_units.start[UNIT_LIMIT] = FAKE_WORKS;
        fake_unit_exits("deployd-limit-memory-1.service", 0);
        loop_run();
        status_is(deployment, "failed");
        says(deployment->error_summary, "this machine does not hold builds by their limits (memory)");
}

/* The daemon is started again while it builds: the tree is in the mirror. */
static void build_again(void)
{
        want_build();
        fake_units.start[UNIT_BUILD] = fake_units.start[UNIT_RESOLVE] = FAKE_STARTS;
        deployment = fixture_deploy();
        status_is(deployment, "building");
        fixture_restart();
        status_is(deployment, "building");
        cr_assert_str_eq(deployment->status_text, "fetching the repository");
}

Test(build, is_built_again_after_a_restart_of_the_daemon)
{
        build_again();
        fake_unit_says(deployment->fetch_unit, "looking");
        loop_run();
        cr_assert_str_eq(deployment->status_text, "looking");
        fake_units_work();
        goes_live();
}

Test(build, that_is_not_in_the_mirror_any_more_cannot_be_built_again)
{
        build_again();
        fake_units.answer[UNIT_RESOLVE] = "error=there is no such commit";
        fake_units_work();
        loop_run();
        fails("fetch: there is no such commit");
}

Test(build, that_has_no_place_after_a_restart_cannot_be_built_again)
{
        want_build();
        fake_units.start[UNIT_BUILD] = FAKE_STARTS;
        deployment = fixture_deploy();
        cr_assert_eq(rename(PATH_SPOOL, PATH_SPOOL ".away"), 0);
        fixture_restart();
        fails("fetch: No such file or directory");
}

Test(build, begins_the_next_time_without_what_was_kept)
{
        fixture_clear_cache();
        cr_assert(answer.done && answer.error[0] == '\0', "%s", answer.error);
        cr_assert_str_eq(fake_units.places[UNIT_REMOVE], "cache deployd-build/1\n");
        want_build();
        deployment = fixture_deploy();
        goes_live();
}

Test(build, keeps_what_it_works_with)
{
        want_build();
        fake_units.start[UNIT_BUILD] = FAKE_STARTS;
        deployment = fixture_deploy();
        fixture_clear_cache();
        cr_assert_str_eq(answer.error, "AppBusy");
        cr_assert_null(fake_units.places[UNIT_REMOVE]);
        fake_units_work();
        goes_live();
}

Test(build, waits_while_what_was_kept_is_removed)
{
        want_build();
        fake_units.hold_cleans = true;
        fixture_clear_cache();
        cr_assert_not(answer.done);
        deployment = fixture_deploy();
        status_is(deployment, "building");
        cr_assert_str_eq(deployment->status_text, "waiting: the build cache is being removed");
        cr_assert_eq(fake_units_n_loaded(UNIT_BUILD), 0);
        fake_units_answer();
        goes_live();
}

Test(build, is_not_cleared_twice_at_once)
{
        fake_units.hold_cleans = true;
        fixture_clear_cache();
        fixture_clear_cache();
        cr_assert_str_eq(answer.error, "AppBusy");
        fake_units_answer();
        loop_run();
        fixture_clear_cache();
        cr_assert(answer.done && answer.error[0] == '\0', "%s", answer.error);
}

Test(build, that_cannot_be_cleared_is_said)
{
        want_build();
        fake_units.clean_error = -EIO;
        fixture_clear_cache();
        cr_assert_str_eq(answer.error, "Failed");
        deployment = fixture_deploy();
        goes_live();
}

/* One unit removes a directory at a time: it is named by the directory. */
Test(build, that_is_being_cleared_is_removed_with_its_app)
{
        unsigned n;

        fake_units.hold_cleans = true;
        fixture_clear_cache();
        fixture_remove(/* force= */ true);
        cr_assert(answer.done && answer.error[0] == '\0', "%s", answer.error);
        n = fake_units.n_cleans;
        fake_units_answer();
        loop_advance(60 * USEC_PER_SEC);
        cr_assert_gt(fake_units.n_cleans, n);
        cr_assert_null(fixture.fatal, "%s", fixture.fatal);
}

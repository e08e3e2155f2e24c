/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/pipeline/fixture.h"

#include <errno.h>

#include "base/names.h"
#include "daemon/pipeline/pipeline.h"

/* The end: of a deployment, of what a stopped app runs, of an app. */

PIPELINE_SUITE(retirement);

static void is_stopped(const Deployment *live)
{
        app_is("stopped");
        cr_assert_eq(fixture.app->live, live);
        cr_assert_eq(fake_units_n_loaded(UNIT_APP), 0);
        cr_assert_not_null(live->instances, "they are started again under their names");
        cr_assert_null(fixture.fatal, "%s", fixture.fatal);
}

Test(retirement, of_a_stopped_app_shuts_its_requests_and_then_ends_its_units)
{
        Deployment *live = fixture_go_live();

        fake_ingress.hold = true;
        fixture_stop();
        cr_assert(answer.done && answer.error[0] == '\0');
        cr_assert_eq(fake_units_n_loaded(UNIT_APP), 1);
        fake_ingress_follow();
        loop_run();
        is_stopped(live);
}

Test(retirement, of_a_stopped_app_does_not_wait_for_ever_for_the_ingress)
{
        Deployment *live = fixture_go_live();

        fake_ingress.hold = true;
        fixture_stop();
        loop_advance(2 * USEC_PER_SEC);
        is_stopped(live);
}

Test(retirement, is_hurried_by_a_start)
{
        Deployment *live = fixture_go_live();

        fake_ingress.hold = true;
        fixture_stop();
        fake_ingress.hold = false;
        fixture_start();
        app_is("running");
        cr_assert_eq(fake_unit_n_starts(fixture_unit(live, "web.1")), 2);
        fixture_start();
        app_is("running");
        cr_assert_eq(fake_unit_n_starts(fixture_unit(live, "web.1")), 2);
}

Test(retirement, begins_once_more_with_a_second_stop)
{
        Deployment *live = fixture_go_live();

        fake_ingress.hold = true;
        fixture_stop();
        fixture_stop();
        fake_ingress_follow();
        loop_run();
        is_stopped(live);
}

Test(retirement, of_a_stop_that_never_ends_keeps_the_app_stopped)
{
        Deployment *live = fixture_go_live();

        fake_units.remove_error = -ETIMEDOUT;
        fixture_stop();
        app_is("stopped");
        cr_assert_eq(fake_units_n_loaded(UNIT_APP), 1);
        loop_advance(2 * 3600 * USEC_PER_SEC);
        app_is("stopped");
        fixture_start();
        app_is("stopped");
        cr_assert_eq(fake_unit_n_starts(fixture_unit(live, "web.1")), 1, "its name is not free");
        fixture_stop();
        is_stopped(live);
        fixture_start();
        app_is("running");
}

Test(retirement, of_a_stop_that_never_ends_answers_no_cancellation)
{
        Deployment *deployment;

        fake_units.start[UNIT_APP] = FAKE_STARTS;
        deployment = fixture_deploy();
        fake_units.hold_removals = true;
        fixture_cancel(deployment);
        status_is(deployment, "cancelled");
        loop_advance(300 * USEC_PER_SEC);
        cr_assert_not(answer.done);
        cr_assert_not_null(deployment->instances, "its port is not free");
        fake_units_answer();
        loop_run();
        cr_assert(answer.done && answer.error[0] == '\0');
        cr_assert_null(deployment->instances);
}

Test(retirement, of_a_unit_that_is_a_strangers_goes_on)
{
        Deployment *deployment;

        fake_units.start[UNIT_APP] = FAKE_STARTS;
        deployment = fixture_deploy();
        fake_units.remove_error = -EEXIST;
        fixture_cancel(deployment);
        cr_assert(answer.done && answer.error[0] == '\0');
        cr_assert_null(deployment->instances);
}

Test(retirement, of_a_stopped_app_cancels_what_is_under_way)
{
        Deployment *live = fixture_go_live(), *new;

        fake_probe.hold = true;
        new = fixture_deploy();
        status_is(new, "checking");
        fixture_stop();
        status_is(new, "cancelled");
        is_stopped(live);
}

Test(retirement, of_an_import_leaves_nothing_of_the_release)
{
        Deployment *deployment;

        fake_units.start[UNIT_IMPORT] = FAKE_STARTS;
        deployment = fixture_deploy();
        cr_assert_eq(access(PATH_RELEASES "/1.new", F_OK), 0);
        fixture_cancel(deployment);
        status_is(deployment, "cancelled");
        cr_assert(answer.done && answer.error[0] == '\0');
        cr_assert_neq(access(PATH_RELEASES "/1.new", F_OK), 0);
        cr_assert_eq(fake_units_n_loaded(UNIT_IMPORT), 0);
}

Test(retirement, of_a_failed_deployment_removes_its_release)
{
        Deployment *deployment;

        fake_probe.answer.result = PROBE_TIMEOUT;
        deployment = fixture_deploy();
        status_is(deployment, "failed");
        says(fake_store.verbs, "deployment_forget_release ");
        says(fake_store.verbs, "deployment_forget_instances ");
        cr_assert_eq(deployment->release_id, 0);
}

Test(retirement, is_done_again_after_a_restart_of_the_daemon)
{
        Deployment *old = fixture_go_live(), *new;

        fake_ingress.hold = true;
        new = fixture_deploy();
        fake_ingress.hold = false;
        fake_ingress_follow();
        loop_run();
        fake_ingress.hold = true;
        loop_advance(fixture.config->check_settle);
        status_is(new, "live");
        status_is(old, "superseded");
        cr_assert_not_null(old->instances);
        fake_ingress.hold = false;
        fixture_restart();
        loop_run();
        cr_assert_null(old->instances);
        cr_assert_eq(fake_units_n_loaded(UNIT_APP), 1);
        app_is("running");
}

Test(retirement, of_a_stop_goes_on_when_a_newer_version_takes_over)
{
        Deployment *live = fixture_go_live(), *new;

        new = fixture_deploy();
        fake_store.hold = "701";
        loop_advance(fixture.config->check_settle);
        fake_units.hold_removals = true;
        fixture_stop();
        fake_store_release();
        loop_run();
        status_is(new, "live");
        fake_units_answer();
        loop_advance(fixture.config->drain_timeout + 2 * USEC_PER_SEC);
        cr_assert_null(live->instances);
        cr_assert_null(fixture.fatal, "%s", fixture.fatal);
}

Test(retirement, of_a_removed_app_forgets_what_is_under_way)
{
        fixture_go_live();
        for (size_t i = 0; i < 2; i++) {
                Deployment *deployment;

                fake_store.hold = i == 0 ? "501" : "201";
                deployment = fixture_deploy();
                cr_assert(fake_store_holds(fake_store.hold));
                status_is(deployment, i == 0 ? "starting" : "fetching");
                fixture_remove(/* force= */ true);
                cr_assert(answer.done && answer.error[0] == '\0', "%s", answer.error);
                cr_assert_null(fixture.model->apps);
                fake_store_release();
                loop_advance(60 * USEC_PER_SEC);
                cr_assert_eq(fake_units_n_loaded(UNIT_APP), 0);
                cr_assert_null(fixture.fatal, "%s", fixture.fatal);
                fixture_reset();
        }
}

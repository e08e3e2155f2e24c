/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/pipeline/fixture.h"

#include "base/names.h"
#include "daemon/pipeline/pipeline.h"

/* Whose turn it is, and with which release. */

PIPELINE_SUITE(queue);

Test(queue, is_first_come_first_served)
{
        Deployment *first, *second, *third;

        fake_units.start[UNIT_FETCH] = FAKE_STARTS;
        first = fixture_deploy();
        second = fixture_deploy();
        third = fixture_deploy();
        status_is(first, "fetching");
        status_is(second, "queued");
        cr_assert_str_eq(second->status_text, "waiting for deployment 1 of shop");
        cr_assert_str_eq(third->status_text, "waiting for deployment 2 of shop");
        fixture_cancel(second);
        status_is(second, "cancelled");
        cr_assert_str_eq(third->status_text, "waiting for deployment 1 of shop");
        fake_units_work();
        loop_run();
        status_is(first, "switching");
        loop_advance(fixture.config->check_settle);
        status_is(first, "live");
        loop_advance(fixture.config->check_settle);
        status_is(third, "live");
}

Test(queue, answers_only_those_who_wait_for_the_end_of_that_deployment)
{
        Deployment *first, *second;

        fake_units.start[UNIT_APP] = FAKE_STARTS;
        first = fixture_deploy();
        fake_units.hold_removals = true;
        fixture_cancel(first);
        second = fixture_deploy();
        fixture_cancel(second);
        status_is(first, "cancelled");
        status_is(second, "cancelled");
        cr_assert_not(answer.done);
        fake_units_answer();
        loop_run();
        cr_assert_eq(answer.id, second->id);
}

Test(queue, has_so_many_at_once_of_different_apps)
{
        Deployment *first, *other;

        fixture.config->parallel = 1;
        fake_probe.hold = true;
        first = fixture_deploy();
        other = fixture_deploy_other("blog");
        status_is(first, "checking");
        status_is(other, "queued");
        says(other->status_text, "waiting for other apps: 1 deployments are under way");
        fixture.config->parallel = 2;
        pipeline_config_changed(fixture.pipeline);
        loop_run();
        status_is(other, "checking");
}

Test(queue, does_not_count_one_that_is_only_watched)
{
        Deployment *first, *other;

        fixture.config->parallel = 1;
        first = fixture_deploy();
        status_is(first, "switching");
        other = fixture_deploy_other("blog");
        status_is(other, "switching");
}

Test(queue, does_not_count_one_twice_while_its_turn_is_committed)
{
        Deployment *first, *other;

        fixture.config->parallel = 1;
        fake_store.hold = "101";
        first = fixture_deploy();
        other = fixture_deploy_other("blog");
        status_is(first, "queued");
        says(other->status_text, "waiting for other apps");
        fake_store_release();
        loop_run();
        status_is(first, "switching");
        status_is(other, "switching");
}

Test(queue, rolls_back_to_the_release_before)
{
        Deployment *first = fixture_go_live(), *second = fixture_go_live(), *back;

        back = fixture_rollback(0);
        cr_assert_eq(back->release_id, first->id);
        loop_advance(fixture.config->check_settle);
        status_is(back, "live");
        status_is(second, "superseded");
        cr_assert_null(fixture_rollback(0), "nothing is from before that");
        cr_assert_str_eq(answer.error, "NoSuchRelease");
        back = fixture_rollback(second->id);
        loop_advance(fixture.config->check_settle);
        status_is(back, "live");
        cr_assert_eq(back->release_id, second->id);
}

/* A rollback waits for its turn behind another one. */
static Deployment *wait_to_roll_back(uint64_t to)
{
        Deployment *back;

        fixture_go_live();
        fixture_go_live();
        fake_units.start[UNIT_FETCH] = FAKE_STARTS;
        fixture_deploy();
        back = fixture_rollback(to);
        status_is(back, "queued");
        return back;
}

Test(queue, fails_when_no_release_is_from_before)
{
        Deployment *back = wait_to_roll_back(0);

        model_deployment(fixture.model, 1)->release_goes = true;
        fixture_cancel(app_running_deployment(fixture.app));
        status_is(back, "failed");
        cr_assert_str_eq(back->error_summary, "there is no release from before the one that is live");
}

Test(queue, fails_when_the_release_is_not_kept_any_more)
{
        Deployment *back = wait_to_roll_back(1), *first = model_deployment(fixture.model, 1);

        first->release = release_free(first->release);
        fixture_cancel(app_running_deployment(fixture.app));
        status_is(back, "failed");
        cr_assert_str_eq(back->error_summary, "its release is not kept any more");
}

Test(queue, fails_when_the_release_is_lost)
{
        Deployment *back = wait_to_roll_back(1);

        cr_assert_eq(rename(PATH_RELEASES "/1", PATH_RELEASES "/1.away"), 0);
        fixture_cancel(app_running_deployment(fixture.app));
        status_is(back, "failed");
        says(back->error_summary, "its release is not on the disk any more");
}

Test(queue, repeats_nothing_of_an_app_that_was_stopped_meanwhile)
{
        Deployment *live = fixture_go_live(), *again;

        fake_units.start[UNIT_FETCH] = FAKE_STARTS;
        fixture_deploy();
        again = fixture_redeploy();
        status_is(again, "queued");
        /* By hand: App.Stop would cancel it. */
        fake_units.stopped = true;
        fake_unit_vanishes(fixture_unit(live, "web.1"));
        loop_run();
        app_is("stopped");
        fixture_cancel(app_running_deployment(fixture.app));
        status_is(again, "cancelled");
}

Test(queue, waits_until_the_daemon_has_looked_around)
{
        Deployment *first;

        fake_store.hold = "101";
        first = fixture_deploy();
        fake_store.hold = NULL;
        fixture_restart();
        loop_advance(fixture.config->check_settle);
        status_is(first, "live");
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/pipeline/fixture.h"

/* What is asked for while something else is under way, or while the app is stopped. */

PIPELINE_SUITE(calls);

#define SECOND_COMMIT "2222222222222222222222222222222222222222"

/* The next fetch finds another commit. */
static void commit(void)
{
        fake_units.answer[UNIT_FETCH] = "commit=" SECOND_COMMIT "\nhead=" SECOND_COMMIT;
}

/* Lets everything that waits go on, until `deployment` has stood its time. */
static void goes_live(Deployment *deployment)
{
        fake_probe.hold = false;
        fake_probe_answer(PROBE_LISTENING);
        while (deployment_status_is_unfinished(deployment->status))
                loop_advance(fixture.config->check_settle);
        cr_assert_null(fixture.fatal, "%s", fixture.fatal);
}

static void is_live(const Deployment *deployment, const char *revision, const char *price)
{
        status_is(deployment, "live");
        cr_assert_str_eq(deployment->revision, revision);
        if (price)
                cr_assert_str_eq(variables_get(deployment_variables(deployment), "PRICE"), price);
        app_is("running");
}

static void is_busy(Deployment *deployment)
{
        cr_assert_str_eq(answer.error, "AppBusy");
        status_is(deployment, "checking");
        app_is("running");
}

Test(calls, of_an_app_that_is_deployed_are_refused)
{
        Deployment *deployment;

        fixture_go_live();
        fake_probe.hold = true;
        deployment = fixture_deploy();
        fixture_remove(/* force= */ false);
        is_busy(deployment);
        fixture_start();
        is_busy(deployment);
        fixture_restart_app();
        is_busy(deployment);
}

/* A second commit is being deployed, behind which something is asked for. */
static Deployment *deploy_second(void)
{
        Deployment *deployment;

        commit();
        fake_probe.hold = true;
        deployment = fixture_deploy();
        status_is(deployment, "checking");
        return deployment;
}

Test(calls, of_redeploy_keep_the_new_commit)
{
        Deployment *again;

        fixture_go_live();
        deploy_second();
        again = fixture_redeploy();
        goes_live(again);
        is_live(again, SECOND_COMMIT, NULL);
}

Test(calls, of_set_environment_keep_the_new_commit)
{
        Deployment *again;

        fixture_go_live();
        deploy_second();
        again = fixture_set_variable("PRICE", "2");
        goes_live(again);
        is_live(again, SECOND_COMMIT, "2");
}

Test(calls, behind_a_deployment_that_fails_repeat_the_old_commit)
{
        Deployment *second, *again;

        fixture_go_live();
        second = deploy_second();
        again = fixture_set_variable("PRICE", "2");
        fake_unit_exits(fixture_unit(second, "web.1"), 3);
        loop_run();
        status_is(second, "failed");
        goes_live(again);
        is_live(again, COMMIT, "2");
        cr_assert_str_eq(variables_get(app_variables(fixture.app), "PRICE"), "2");
}

Test(calls, of_set_environment_during_the_first_deployment_take_effect)
{
        Deployment *again;

        fake_probe.hold = true;
        fixture_deploy();
        again = fixture_set_variable("PRICE", "2");
        goes_live(again);
        is_live(again, COMMIT, "2");
}

/* Three versions have been live: the release of each. */
static void make_three(uint64_t releases[3])
{
        for (size_t i = 0; i < 3; i++)
                releases[i] = fixture_go_live()->release_id;
}

Test(calls, choose_the_release_when_their_turn_comes)
{
        uint64_t releases[3];
        Deployment *first, *second, *third;

        make_three(releases);
        deploy_second();
        first = fixture_rollback(0);
        second = fixture_rollback(0);
        third = fixture_redeploy();
        goes_live(third);
        cr_assert_eq(first->release_id, releases[2], "from the fourth to the third");
        cr_assert_eq(second->release_id, releases[1]);
        cr_assert_eq(third->release_id, releases[1], "once more");
        is_live(third, COMMIT, NULL);
}

Test(calls, of_two_rollbacks_in_a_row_go_back_two)
{
        uint64_t releases[3];
        Deployment *first, *second;

        make_three(releases);
        first = fixture_rollback(0);
        second = fixture_rollback(0);
        goes_live(second);
        cr_assert_eq(first->release_id, releases[1]);
        cr_assert_eq(second->release_id, releases[0]);
}

/* What may be asked of an app that is stopped, and what it starts with then. */
static void set_price(void)
{
        cr_assert_null(fixture_set_variable("PRICE", "2"));
}

static void redeploy(void)
{
        cr_assert_null(fixture_redeploy());
}

static void scale_up(void)
{
        fixture_scale("web", 2);
}

static void scale_down(void)
{
        fixture_scale("web", 1);
}

static const struct {
        void (*ask)(void);
        unsigned n_before, n_after;
        const char *price;
} wishes[] = {
        { set_price, 1, 1, "2" },
        { redeploy, 1, 1, NULL },
        { scale_up, 1, 2, NULL },
        { scale_down, 3, 1, NULL },
};

static void start_with(size_t i, void (*start)(void))
{
        Deployment *live;

        cr_assert_eq(formation_set(&fixture.app->settings.formation, "web", wishes[i].n_before), 0);
        live = fixture_go_live();
        fixture_stop();
        wishes[i].ask();
        cr_assert_eq(answer.error[0], '\0');
        app_is("stopped");
        fixture_restart();
        app_is("stopped");
        cr_assert_eq(fake_units_n_loaded(UNIT_APP), 0);
        start();
        app_is("running");
        cr_assert_eq(fixture.app->live, live);
        cr_assert_eq(fake_units_n_loaded(UNIT_APP), wishes[i].n_after);
        if (wishes[i].price)
                is_live(live, COMMIT, wishes[i].price);
        cr_assert_null(fixture.fatal, "%s", fixture.fatal);
        fixture_reset();
}

Test(calls, of_a_stopped_app_leave_it_stopped_and_it_starts_with_what_was_asked_for)
{
        for (size_t i = 0; i < ELEMENTSOF(wishes); i++) {
                start_with(i, fixture_start);
                start_with(i, fixture_restart_app);
        }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/pipeline/fixture.h"

#include <errno.h>

/* Restart: one instance after another, so that the others answer meanwhile. */

static Deployment *live;

static void begin(void)
{
        fixture_set_up();
        live = fixture_go_live();
}

static void end(void)
{
        cr_assert_null(fixture.fatal, "%s", fixture.fatal);
        fixture_tear_down();
}

TestSuite(restart, .init = begin, .fini = end, .timeout = 60);

static Instance *web(unsigned number)
{
        return fixture_instance(live, number == 1 ? "web.1" : number == 2 ? "web.2" : "web.3");
}

static unsigned n_restarts(unsigned number)
{
        return fake_unit_n_restarts(web(number)->unit);
}

Test(restart, restarts_the_only_one_when_no_new_requests_go_to_it)
{
        fake_ingress.hold = true;
        fixture_restart_app();
        cr_assert(answer.done && answer.error[0] == '\0');
        cr_assert_eq(web(1)->restart, RESTART_CLOSES);
        cr_assert_eq(web(1)->route, ROUTE_DRAINING);
        cr_assert_eq(n_restarts(1), 0);
        fake_ingress.hold = false;
        fake_ingress_follow();
        loop_run();
        cr_assert_eq(n_restarts(1), 1);
        cr_assert_eq(web(1)->restart, RESTART_NOT);
        cr_assert_eq(web(1)->routed, ROUTE_READY);
        app_is("running");
}

Test(restart, does_not_wait_for_ever_for_the_ingress)
{
        fake_ingress.hold = true;
        fixture_restart_app();
        loop_advance(2 * USEC_PER_SEC);
        cr_assert_eq(n_restarts(1), 1);
}

Test(restart, restarts_one_after_another)
{
        fixture_scale("web", 3);
        fake_ingress.hold = true;
        fixture_restart_app();
        for (unsigned i = 1; i <= 3; i++) {
                cr_assert_eq(web(i)->restart, RESTART_DRAINS, "%u", i);
                cr_assert_eq(web(i)->route, ROUTE_NONE);
                for (unsigned other = i + 1; other <= 3; other++) {
                        cr_assert_eq(web(other)->restart, RESTART_WAITS);
                        cr_assert_eq(web(other)->routed, ROUTE_READY);
                }
                cr_assert_eq(n_restarts(i), 0);
                fake_ingress_follow();
                loop_run();
                cr_assert_eq(n_restarts(i), 1);
                cr_assert_eq(web(i)->restart, RESTART_NOW, "its turn lasts until requests go to it");
                fake_ingress_follow();
                loop_run();
        }
        for (unsigned i = 1; i <= 3; i++)
                cr_assert_eq(web(i)->restart, RESTART_NOT);
        app_is("running");
}

Test(restart, gives_requests_their_time)
{
        fixture_scale("web", 2);
        fake_ingress.hold = true;
        fixture_restart_app();
        loop_advance(fixture.config->drain_timeout);
        cr_assert_eq(n_restarts(1), 0);
        loop_advance(2 * USEC_PER_SEC);
        cr_assert_eq(n_restarts(1), 1);
}

/* Two are to be restarted, and the first is at it. */
static void begin_with_two(void)
{
        fixture_scale("web", 2);
        fake_units.hold_restarts = true;
        fixture_restart_app();
        cr_assert_eq(web(1)->restart, RESTART_NOW);
        cr_assert_eq(web(2)->restart, RESTART_WAITS);
        cr_assert_eq(n_restarts(1), 1);
}

static void others_are_left_alone(void)
{
        cr_assert_eq(web(1)->restart, RESTART_NOT);
        cr_assert_eq(web(2)->restart, RESTART_NOT);
        cr_assert_eq(n_restarts(2), 0);
        cr_assert_eq(web(2)->routed, ROUTE_READY);
}

Test(restart, leaves_the_others_alone_when_one_does_not_listen)
{
        begin_with_two();
        fake_probe.answer.result = PROBE_TIMEOUT;
        fake_units_answer();
        loop_run();
        others_are_left_alone();
}

Test(restart, leaves_the_others_alone_when_one_fails)
{
        begin_with_two();
        fake_unit_exits(web(1)->unit, 1);
        loop_run();
        others_are_left_alone();
}

Test(restart, leaves_the_others_alone_when_a_restart_is_refused)
{
        fixture_scale("web", 2);
        fake_units.restart_error = -EIO;
        fixture_restart_app();
        cr_assert_eq(n_restarts(1), 1);
        others_are_left_alone();
        cr_assert_eq(web(1)->routed, ROUTE_READY, "what runs goes on");
}

Test(restart, waits_while_pid_1_starts_it_again)
{
        begin_with_two();
        fake_unit_pauses(web(1)->unit);
        loop_run();
        cr_assert_eq(web(1)->restart, RESTART_NOW);
        fake_unit_runs(web(1)->unit);
        loop_run();
        cr_assert_eq(web(1)->restart, RESTART_NOT);
        cr_assert_eq(web(2)->restart, RESTART_NOW);
}

Test(restart, goes_on_when_another_one_crashes)
{
        begin_with_two();
        fake_unit_pauses(web(2)->unit);
        loop_run();
        cr_assert_eq(web(2)->restart, RESTART_WAITS);
        fake_unit_runs(web(2)->unit);
        fake_units_answer();
        loop_run();
        cr_assert_eq(web(1)->restart, RESTART_NOT);
        cr_assert_eq(web(2)->restart, RESTART_NOT);
        cr_assert_eq(n_restarts(2), 1);
        app_is("running");
}

Test(restart, of_one_more_instance_that_came_meanwhile_is_not_needed)
{
        begin_with_two();
        fixture_scale("web", 3);
        fake_units_answer();
        loop_run();
        cr_assert_eq(n_restarts(2), 1);
        cr_assert_eq(n_restarts(3), 0);
        app_is("running");
        cr_assert_eq(web(3)->routed, ROUTE_READY);
}

Test(restart, goes_on_without_one_that_is_too_many_meanwhile)
{
        fixture_scale("web", 3);
        fake_units.hold_restarts = true;
        fixture_restart_app();
        cr_assert_eq(web(1)->restart, RESTART_NOW);
        fixture_scale("web", 2);
        fake_units_answer();
        loop_run();
        cr_assert_eq(n_restarts(2), 1);
        cr_assert_eq(web(2)->restart, RESTART_NOT);
        cr_assert_eq(fake_units_n_loaded(UNIT_APP), 2);
        app_is("running");
}

Test(restart, does_not_wait_for_new_limits)
{
        fake_units.hold_limits = true;
        fixture_scale("web", 1);
        fixture_scale("web", 1);
        fixture_restart_app();
        cr_assert_eq(n_restarts(1), 1);
        app_is("running");
        fake_units_answer();
        loop_run();
        app_is("running");
}

/* It has requests still when its turn would come. */
Test(restart, does_not_start_again_what_leaves)
{
        _cleanup_free_ char *unit = NULL;

        begin_with_two();
        unit = strdup(web(2)->unit);
        cr_assert(unit);
        fake_ingress.hold = true;
        fixture_scale("web", 1);
        cr_assert(web(2)->leaving);
        fake_units_answer();
        loop_run();
        cr_assert_eq(fake_unit_n_starts(unit) + fake_unit_n_restarts(unit), 1);
        fake_ingress.hold = false;
        fake_ingress_follow();
        loop_run();
        cr_assert_eq(fake_unit_n_starts(unit) + fake_unit_n_restarts(unit), 1);
        cr_assert_eq(web(1)->restart, RESTART_NOT);
        cr_assert_eq(fake_units_n_loaded(UNIT_APP), 1);
        app_is("running");
}

Test(restart, ends_when_the_one_whose_turn_it_is_leaves)
{
        _cleanup_free_ char *unit = NULL;

        fixture_scale("web", 2);
        fake_ingress.hold = true;
        fixture_restart_app();
        for (unsigned i = 0; i < 2; i++) {
                fake_ingress_follow();
                loop_run();
        }
        cr_assert_eq(n_restarts(1), 1);
        cr_assert_eq(web(2)->restart, RESTART_DRAINS);
        unit = strdup(web(2)->unit);
        cr_assert(unit);
        fixture_scale("web", 1);
        fake_ingress.hold = false;
        fake_ingress_follow();
        loop_run();
        cr_assert_eq(fake_unit_n_starts(unit) + fake_unit_n_restarts(unit), 1);
        cr_assert_eq(fake_units_n_loaded(UNIT_APP), 1);
        app_is("running");
}

Test(restart, of_a_worker_waits_for_no_requests)
{
        live = NULL;
        fixture_reset();
        fake_units.answer[UNIT_IMPORT] = FAKE_RELEASE "process.worker=yes\nformation.worker=1";
        live = fixture_go_live();
        fixture_restart_app();
        cr_assert_eq(fake_unit_n_restarts(fixture_unit(live, "worker.1")), 1);
        cr_assert_eq(fixture_instance(live, "worker.1")->restart, RESTART_NOT);
        app_is("running");
}

Test(restart, begins_a_second_time_when_it_is_asked_for_again)
{
        begin_with_two();
        fixture_restart_app();
        fake_units_answer();
        loop_run();
        cr_assert_eq(web(1)->restart, RESTART_NOT);
        cr_assert_eq(web(2)->restart, RESTART_NOT);
        cr_assert_geq(n_restarts(2), 1);
        app_is("running");
}

Test(restart, ends_with_a_stop)
{
        begin_with_two();
        fixture_stop();
        app_is("stopped");
        fake_units_answer();
        loop_run();
        app_is("stopped");
        cr_assert_eq(fake_units_n_loaded(UNIT_APP), 0);
        fixture_start();
        app_is("running");
}

Test(restart, ends_when_a_newer_version_takes_over)
{
        Deployment *new;

        begin_with_two();
        new = fixture_deploy();
        loop_advance(fixture.config->check_settle);
        status_is(new, "live");
        status_is(live, "superseded");
        fake_units_answer();
        loop_advance(60 * USEC_PER_SEC);
        cr_assert_eq(fake_units_n_loaded(UNIT_APP), 2);
        cr_assert_null(live->instances);
        app_is("running");
}

/* No requests go to it when its turn comes: its end is what it is restarted at. */
Test(restart, brings_up_what_crashes_in_its_turn)
{
        fake_probe.answer.result = PROBE_TIMEOUT;
        fake_unit_runs(web(1)->unit);
        loop_run();
        cr_assert_eq(web(1)->routed, ROUTE_NONE);
        fake_ingress.hold = true;
        fixture_restart_app();
        cr_assert_eq(web(1)->restart, RESTART_CLOSES);
        fake_probe.answer.result = PROBE_LISTENING;
        fake_unit_exits(web(1)->unit, 1);
        loop_run();
        cr_assert_eq(fake_unit_n_starts(web(1)->unit), 2);
        fake_ingress.hold = false;
        fake_ingress_follow();
        loop_run();
        app_is("running");
}

Test(restart, brings_up_what_does_not_run)
{
        fake_unit_exits(web(1)->unit, 1);
        loop_run();
        fixture_restart_app();
        app_is("running");
        cr_assert_eq(fake_unit_n_starts(web(1)->unit), 2);
}

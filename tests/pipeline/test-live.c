/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/pipeline/fixture.h"

#include <errno.h>

#include "base/names.h"
#include "daemon/pipeline/pipeline.h"

/* The live deployment is kept running: by PID 1, then by deployd after pauses that double, then not any
 * more; unless somebody has stopped it. */

static Deployment *live;
static Instance *web;
static const char *unit;

static void begin(void)
{
        fixture_set_up();
        live = fixture_go_live();
        web = fixture_instance(live, "web.1");
        unit = web->unit;
        app_is("running");
}

static void end(void)
{
        cr_assert_null(fixture.fatal, "%s", fixture.fatal);
        fixture_tear_down();
}

TestSuite(live, .init = begin, .fini = end, .timeout = 60);

Test(live, gets_no_requests_while_pid_1_starts_it_again)
{
        fake_unit_pauses(unit);
        loop_run();
        app_is("degraded");
        cr_assert_eq(web->routed, ROUTE_NONE);
        cr_assert_not(web->fit);
        fake_unit_runs(unit);
        loop_run();
        app_is("running");
        cr_assert_eq(web->routed, ROUTE_READY);
        cr_assert_eq(fake_unit_n_starts(unit), 1);
}

Test(live, is_started_in_place_by_deployd_when_it_has_ended_well)
{
        fake_unit_exits(unit, 0);
        loop_run();
        app_is("degraded");
        loop_advance(fixture.config->restart_pause - 1);
        cr_assert_eq(fake_unit_n_restarts(unit), 0);
        loop_advance(1);
        cr_assert_eq(fake_unit_n_restarts(unit), 1);
        app_is("running");
}

Test(live, is_not_started_by_deployd_when_it_runs_again_by_itself)
{
        fake_unit_exits(unit, 0);
        loop_run();
        fake_unit_runs(unit);
        loop_advance(fixture.config->restart_pause);
        cr_assert_eq(fake_unit_n_restarts(unit), 0);
        app_is("running");
}

Test(live, stays_as_it_is_when_its_restart_is_refused)
{
        fake_units.restart_error = -EIO;
        fake_unit_exits(unit, 0);
        loop_advance(fixture.config->restart_pause);
        app_is("degraded");
        cr_assert_eq(fake_unit_n_restarts(unit), 1);
}

Test(live, stays_as_it_is_when_its_environment_cannot_be_written)
{
        cr_assert_eq(rename(PATH_ENVIRONMENT, PATH_ENVIRONMENT ".away"), 0);
        fake_unit_exits(unit, 0);
        loop_advance(fixture.config->restart_pause);
        app_is("degraded");
        cr_assert_eq(fake_unit_n_restarts(unit), 0);
}

/* deployd's first pause is twice that of PID 1. */
static uint64_t first_pause(void)
{
        return 2 * fixture.config->restart_pause;
}

/* Pauses before each try: they double. Where the last one ends without success, it is given up. */
static void try_in_vain(void)
{
        uint64_t pause = first_pause();

        fake_unit_exits(unit, 1);
        loop_run();
        for (unsigned try = 1; try <= fixture.config->restart_give_up; try++) {
                cr_assert_eq(web->n_tries, try);
                cr_assert(web->pausing);
                cr_assert_eq(fake_unit_n_starts(unit), try);
                loop_advance(pause - 1);
                cr_assert_eq(fake_unit_n_starts(unit), try);
                loop_advance(1);
                cr_assert_eq(fake_unit_n_starts(unit), try + 1);
                cr_assert_not(web->given_up);
                fake_unit_exits(unit, 1);
                loop_run();
                pause *= 2;
                if (pause > 3600 * USEC_PER_SEC)
                        pause = 3600 * USEC_PER_SEC;
        }
}

Test(live, is_given_up_after_pauses_that_double)
{
        try_in_vain();
        cr_assert(web->given_up);
        app_is("failed");
        loop_advance(2 * 3600 * USEC_PER_SEC);
        cr_assert_eq(fake_unit_n_starts(unit), fixture.config->restart_give_up + 1);
}

Test(live, stays_given_up_over_a_restart_of_the_daemon)
{
        try_in_vain();
        fixture_restart();
        cr_assert(web->given_up);
        app_is("failed");
        loop_advance(2 * 3600 * USEC_PER_SEC);
        app_is("failed");
        fake_unit_vanishes(unit);
        fixture_restart();
        cr_assert(web->given_up);
        app_is("failed");
        fixture_start();
        app_is("running");
        cr_assert_not(web->given_up);
}

Test(live, is_not_given_up_any_more_when_somebody_starts_it)
{
        try_in_vain();
        fake_unit_runs(unit);
        loop_run();
        app_is("running");
        cr_assert_not(web->given_up);
        fixture_restart();
        app_is("running");
}

Test(live, begins_to_count_again_when_it_has_run_well)
{
        fake_unit_exits(unit, 1);
        loop_run();
        cr_assert_eq(web->n_tries, 1);
        loop_advance(first_pause());
        app_is("running");
        loop_advance(2 * 3600 * USEC_PER_SEC);
        fake_unit_exits(unit, 1);
        loop_run();
        cr_assert_eq(web->n_tries, 1);
}

Test(live, counts_on_when_it_has_run_for_a_moment)
{
        for (unsigned i = 1; i <= 2; i++) {
                fake_unit_exits(unit, 1);
                loop_run();
                cr_assert_eq(web->n_tries, i);
                loop_advance(i * first_pause());
                app_is("running");
        }
}

Test(live, that_somebody_has_stopped_stays_stopped)
{
        fake_units.stopped = true;
        fake_unit_vanishes(unit);
        loop_run();
        cr_assert(web->by_hand);
        app_is("stopped");
        loop_advance(2 * 3600 * USEC_PER_SEC);
        cr_assert_eq(fake_unit_n_starts(unit), 1);
        fake_units.stopped = false;
        fixture_start();
        app_is("running");
        cr_assert_not(web->by_hand);
        cr_assert_eq(web->routed, ROUTE_READY);
}

Test(live, that_somebody_has_stopped_and_starts_runs)
{
        fake_units.stopped = true;
        fake_unit_vanishes(unit);
        loop_run();
        fake_unit_runs(unit);
        loop_run();
        cr_assert_not(web->by_hand);
        app_is("running");
}

Test(live, that_was_stopped_by_hand_is_so_when_pid_1_keeps_it_loaded)
{
        fake_units.stopped = true;
        fake_unit_is_kept(unit);
        loop_run();
        cr_assert(web->by_hand);
        app_is("stopped");
}

Test(live, that_was_killed_at_its_stop_is_stopped)
{
        fake_units.stopped = true;
        fake_unit_exits(unit, 137);
        loop_run();
        cr_assert(web->by_hand);
        app_is("stopped");
}

Test(live, that_is_gone_without_a_stop_is_started_again)
{
        fake_unit_vanishes(unit);
        loop_run();
        cr_assert_not(web->by_hand);
        app_is("degraded");
        loop_advance(first_pause());
        cr_assert_eq(fake_unit_n_starts(unit), 2);
        app_is("running");
}

Test(live, is_as_it_was_until_the_journal_is_read)
{
        fake_units.hold_journal = true;
        fake_unit_vanishes(unit);
        loop_run();
        app_is("running");
        fake_units_read_journal();
        loop_run();
        app_is("degraded");
}

Test(live, is_as_it_was_while_the_machine_goes_down)
{
        fake_units.going_down = true;
        fake_unit_vanishes(unit);
        loop_advance(3600 * USEC_PER_SEC);
        app_is("running");
        cr_assert_not(web->by_hand);
        fake_units_stay_up();
        loop_run();
        app_is("degraded");
}

Test(live, whose_name_a_stranger_has_is_not_touched)
{
        fake_unit_is_strange(unit);
        loop_run();
        cr_assert_eq(web->routed, ROUTE_NONE);
        app_is("degraded");
        loop_advance(3600 * USEC_PER_SEC);
        cr_assert_eq(fake_unit_n_starts(unit) + fake_unit_n_restarts(unit) + fake_unit_n_kills(unit), 1);
        fake_unit_is_late(unit);
        loop_run();
        fake_unit_runs(unit);
        loop_run();
        app_is("running");
        cr_assert_eq(web->routed, ROUTE_READY);
}

Test(live, that_does_not_listen_after_a_restart_gets_no_requests_and_is_checked_again)
{
        unsigned n_checks;

        fake_probe.answer.result = PROBE_TIMEOUT;
        fake_unit_pauses(unit);
        loop_run();
        fake_unit_runs(unit);
        loop_run();
        cr_assert_eq(web->routed, ROUTE_NONE);
        app_is("degraded");
        n_checks = fake_probe.n_checks;
        loop_advance(USEC_PER_SEC);
        cr_assert_eq(fake_probe.n_checks, n_checks + 1);
        loop_advance(2 * USEC_PER_SEC);
        cr_assert_eq(fake_probe.n_checks, n_checks + 2);
        fake_probe.answer.result = PROBE_LISTENING;
        loop_advance(4 * USEC_PER_SEC);
        app_is("running");
        cr_assert_eq(web->routed, ROUTE_READY);
}

Test(live, that_has_ended_is_not_checked)
{
        fake_probe.answer.result = PROBE_TIMEOUT;
        fake_unit_pauses(unit);
        loop_run();
        fake_unit_runs(unit);
        loop_run();
        fake_unit_pauses(unit);
        loop_run();
        fake_probe.n_checks = 0;
        loop_advance(60 * USEC_PER_SEC);
        cr_assert_eq(fake_probe.n_checks, 0);
}

Test(live, that_cannot_be_started_again_is_tried_as_one_that_ends)
{
        fake_units.start[UNIT_APP] = FAKE_REFUSED;
        fake_unit_vanishes(unit);
        loop_advance(first_pause());
        app_is("degraded");
        fake_units.start[UNIT_APP] = FAKE_WORKS;
        loop_advance(2 * first_pause());
        app_is("running");
}

/* Two of them. */
static Instance *get_second(void)
{
        fixture_scale("web", 2);
        app_is("running");
        return fixture_instance(live, "web.2");
}

Test(live, that_ends_while_another_one_pauses_has_its_own_pauses)
{
        Instance *second = get_second();

        fake_unit_exits(unit, 1);
        loop_run();
        cr_assert(web->pausing);
        loop_advance(first_pause() / 2);
        fake_unit_exits(second->unit, 1);
        loop_run();
        cr_assert(second->pausing);
        app_is("degraded");
        loop_advance(first_pause() / 2);
        cr_assert_eq(fake_unit_n_starts(unit), 2);
        cr_assert_eq(fake_unit_n_starts(second->unit), 1);
        app_is("degraded");
        loop_advance(first_pause() / 2);
        cr_assert_eq(fake_unit_n_starts(second->unit), 2);
        app_is("running");
}

Test(live, is_degraded_while_one_of_two_is_given_up_or_stopped)
{
        Instance *second = get_second();

        try_in_vain();
        app_is("degraded");
        fake_units.stopped = true;
        fake_unit_vanishes(second->unit);
        loop_run();
        app_is("failed");
        fake_units.stopped = false;
        fixture_start();
        app_is("running");
}

Test(live, is_taken_back_after_a_restart_of_the_daemon)
{
        fixture_restart();
        app_is("running");
        cr_assert_eq(web->routed, ROUTE_READY);
        fake_unit_pauses(unit);
        loop_run();
        app_is("degraded");
}

Test(live, that_is_gone_when_the_daemon_starts_was_stopped_or_is_started)
{
        fake_unit_vanishes(unit);
        loop_run();
        fixture_restart();
        app_is("running");
        fake_units.stopped = true;
        fake_unit_vanishes(unit);
        fixture_restart();
        app_is("stopped");
        cr_assert(web->by_hand);
        fake_units.stopped = false;
        fixture_start();
        app_is("running");
}

Test(live, starts_with_the_machine)
{
        cr_assert_eq(system("rm -rf " PATH_ENVIRONMENT "/*"), 0);
        fake_unit_vanishes(unit);
        fake_units.stopped = true;
        fixture_restart();
        app_is("running");
}

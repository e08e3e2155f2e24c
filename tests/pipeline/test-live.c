/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/pipeline/fixture.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/names.h"

/* The live deployment is kept running, unless somebody has stopped it. */

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

/* deployd's first pause is twice that of PID 1. */
static uint64_t first_pause(void)
{
        return 2 * fixture.config->restart_pause;
}

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
        cr_assert_eq(rename(PATH_ENVIRONMENT, PATH_ENVIRONMENT ".away"), 0);
        cr_assert_eq(mkdir(PATH_ENVIRONMENT, 0700), 0);
        fake_unit_vanishes(unit);
        fake_units.stopped = true;
        fixture_restart();
        app_is("running");
}

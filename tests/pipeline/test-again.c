/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/pipeline/fixture.h"

/* What ends is started again: by PID 1, then by deployd after pauses that double, then not any more. */

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

TestSuite(again, .init = begin, .fini = end, .timeout = 60);

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

Test(again, is_given_up_after_pauses_that_double)
{
        try_in_vain();
        cr_assert(web->given_up);
        app_is("failed");
        loop_advance(2 * 3600 * USEC_PER_SEC);
        cr_assert_eq(fake_unit_n_starts(unit), fixture.config->restart_give_up + 1);
}

Test(again, stays_given_up_over_a_restart_of_the_daemon)
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

Test(again, that_is_given_up_is_replaced_by_a_deployment)
{
        Deployment *next;

        try_in_vain();
        next = fixture_go_live();
        app_is("running");
        cr_assert_eq(fixture.app->live, next);
}

Test(again, is_not_given_up_any_more_when_somebody_starts_it)
{
        try_in_vain();
        fake_unit_runs(unit);
        loop_run();
        app_is("running");
        cr_assert_not(web->given_up);
        fixture_restart();
        app_is("running");
}

Test(again, begins_to_count_again_when_it_has_run_well)
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

Test(again, counts_on_when_it_has_run_for_a_moment)
{
        for (unsigned i = 1; i <= 2; i++) {
                fake_unit_exits(unit, 1);
                loop_run();
                cr_assert_eq(web->n_tries, i);
                loop_advance(i * first_pause());
                app_is("running");
        }
}

Test(again, that_cannot_be_started_again_is_tried_as_one_that_ends)
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

Test(again, that_ends_while_another_one_pauses_has_its_own_pauses)
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

Test(again, is_degraded_while_one_of_two_is_given_up_or_stopped)
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

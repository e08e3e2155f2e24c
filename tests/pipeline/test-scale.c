/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/pipeline/fixture.h"

#include <errno.h>

#include "base/names.h"

/* A live deployment follows the formation of its app. */

static Deployment *live;

static void begin(void)
{
        fixture_set_up();
        live = fixture_go_live();
}

TestSuite(scale, .init = begin, .fini = fixture_tear_down, .timeout = 60);

static void is_at_rest(unsigned n)
{
        const Instance *instance;
        unsigned n_instances = 0;

        LIST_FOREACH (instances, instance, live->instances) {
                n_instances++;
                cr_assert_not(instance->leaving);
                cr_assert_eq(instance->routed, ROUTE_READY);
        }
        cr_assert_eq(n_instances, n);
        cr_assert_eq(fake_units_n_loaded(UNIT_APP), n);
        cr_assert_not(live->grows);
        cr_assert_null(fixture.fatal, "%s", fixture.fatal);
        app_is("running");
}

Test(scale, starts_what_is_missing)
{
        fixture_scale("web", 3);
        is_at_rest(3);
        cr_assert_eq(fake_unit_n_starts(fixture_unit(live, "web.1")), 1);
}

Test(scale, gives_requests_to_what_listens)
{
        fake_probe.hold = true;
        fixture_scale("web", 2);
        cr_assert_eq(fixture_instance(live, "web.2")->routed, ROUTE_NONE);
        fake_probe_answer(PROBE_LISTENING);
        loop_run();
        is_at_rest(2);
}

Test(scale, gives_no_requests_to_what_is_not_healthy_and_checks_it_again)
{
        fake_probe.answer = (ProbeAnswer){ .result = PROBE_UNHEALTHY, .text = "answered 503" };
        fixture_scale("web", 2);
        app_is("degraded");
        cr_assert_eq(fixture_instance(live, "web.1")->routed, ROUTE_READY);
        cr_assert_eq(fixture_instance(live, "web.2")->routed, ROUTE_NONE);
        loop_advance((1 + 2) * USEC_PER_SEC);
        app_is("degraded");
        fake_probe.answer.result = PROBE_LISTENING;
        loop_advance(4 * USEC_PER_SEC - 1);
        app_is("degraded");
        loop_advance(1);
        is_at_rest(2);
}

Test(scale, stops_what_is_too_much_when_its_requests_are_finished)
{
        fixture_scale("web", 2);
        fake_ingress.hold = true;
        fixture_scale("web", 1);
        cr_assert(fixture_instance(live, "web.2")->leaving);
        loop_advance(fixture.config->drain_timeout);
        cr_assert_eq(fake_units_n_loaded(UNIT_APP), 2);
        fake_ingress_follow();
        loop_run();
        is_at_rest(1);
        says(fake_store.verbs, "deployment_forget_instance ");
}

Test(scale, stops_what_is_too_much_in_the_end)
{
        fixture_scale("web", 2);
        fake_ingress.hold = true;
        fixture_scale("web", 1);
        loop_advance(fixture.config->drain_timeout + 2 * USEC_PER_SEC);
        is_at_rest(1);
}

Test(scale, waits_for_one_that_leaves_before_it_starts_another_of_its_name)
{
        fixture_scale("web", 2);
        fake_units.hold_removals = true;
        fixture_scale("web", 1);
        fixture_scale("web", 2);
        cr_assert(fixture_instance(live, "web.2")->leaving);
        cr_assert_eq(fake_unit_n_starts(fixture_unit(live, "web.2")), 1);
        fake_units_answer();
        loop_run();
        is_at_rest(2);
        cr_assert_eq(fake_unit_n_starts(fixture_unit(live, "web.2")), 2);
}

Test(scale, follows_the_last_of_several_wishes)
{
        fake_store.hold = "deployment_scale_up";
        fixture_scale("web", 2);
        cr_assert(live->grows);
        fixture_scale("web", 4);
        fixture_scale("web", 3);
        fake_store_release();
        loop_run();
        is_at_rest(3);
}

Test(scale, says_that_no_port_is_free)
{
        fake_store.refuse = "deployment_scale_up";
        fake_store.error = -ESTALE;
        fake_store.number = 1;
        fixture_scale("web", 2);
        is_at_rest(1);
        fixture_scale("web", 3);
        is_at_rest(3);
}

Test(scale, leaves_it_as_it_is_when_the_database_refuses)
{
        fake_store.refuse = "deployment_scale_up";
        fake_store.error = -EIO;
        fake_store.sentence = "no";
        fixture_scale("web", 2);
        is_at_rest(1);
        fake_store.refuse = "deployment_scale_up";
        fake_store.sentence = NULL;
        fixture_scale("web", 3);
        is_at_rest(1);
}

Test(scale, ends_the_daemon_when_the_database_cannot_be_asked)
{
        fake_store.unsent = "deployment_scale_up";
        fixture_scale("web", 2);
        cr_assert_str_eq(fixture.fatal, "a change could not be sent to the database");
}

Test(scale, takes_no_port_that_somebody_holds)
{
        fake_probe.held_ports = NULL;
        fixture_scale("web", 2);
        is_at_rest(2);
        fake_probe.away = true;
        fixture_scale("web", 3);
        is_at_rest(3);
}

Test(scale, of_one_that_is_not_live_any_more_comes_to_nothing)
{
        fake_store.hold = "deployment_scale_up";
        fixture_scale("web", 2);
        fixture_deploy();
        loop_advance(fixture.config->check_settle);
        status_is(live, "superseded");
        fake_store_release();
        loop_advance(fixture.config->drain_timeout);
        live = fixture.app->live;
        is_at_rest(2);
}

Test(scale, leaves_the_whole_to_the_end_of_its_deployment)
{
        fixture_scale("web", 2);
        fake_units.hold_removals = true;
        fixture_scale("web", 1);
        fixture_deploy();
        loop_advance(fixture.config->check_settle);
        status_is(live, "superseded");
        fake_units_answer();
        loop_run();
        cr_assert_null(live->instances);
        live = fixture.app->live;
        is_at_rest(1);
}

Test(scale, of_one_that_is_not_live_any_more_asks_for_no_ports)
{
        Deployment *new = fixture_deploy();

        fake_probe.hold_ports = true;
        fixture_scale("web", 2);
        loop_advance(fixture.config->check_settle);
        status_is(new, "live");
        cr_assert(live->grows);
        fake_probe.hold_ports = false;
        fake_probe_answer(PROBE_HELD);
        loop_advance(fixture.config->drain_timeout);
        cr_assert_not(live->grows);
        live = new;
        is_at_rest(2);
}

Test(scale, does_not_count_what_leaves)
{
        fixture_scale("web", 2);
        fake_ingress.hold = true;
        fixture_scale("web", 1);
        fake_unit_pauses(fixture_unit(live, "web.1"));
        loop_run();
        app_is("degraded");
        fake_unit_runs(fixture_unit(live, "web.1"));
        loop_run();
        app_is("running");
}

Test(scale, of_what_is_stopped_waits_for_its_start)
{
        fixture_stop();
        fixture_scale("web", 2);
        cr_assert_eq(fake_units_n_loaded(UNIT_APP), 0);
        fixture_start();
        is_at_rest(2);
        fixture_stop();
        fixture_scale("web", 1);
        fixture_start();
        is_at_rest(1);
}

Test(scale, to_a_process_that_is_not_there_changes_nothing)
{
        cr_assert_eq(formation_set(&fixture.app->settings.formation, "clock", 1), 0);
        fixture_start();
        is_at_rest(1);
}

Test(scale, of_what_is_lost_changes_nothing)
{
        cr_assert_eq(rename(PATH_RELEASES, PATH_RELEASES ".away"), 0);
        fixture_scale("web", 2);
        is_at_rest(1);
}

Test(scale, forgets_what_leaves_with_the_daemon_and_finds_it_again)
{
        fixture_scale("web", 2);
        fake_units.hold_removals = true;
        fixture_scale("web", 1);
        fake_units.hold_removals = false;
        fixture_restart();
        is_at_rest(1);
}

Test(scale, that_is_on_its_way_is_forgotten_with_the_daemon)
{
        fake_store.hold = "deployment_scale_up";
        fixture_scale("web", 2);
        fake_store.hold = NULL;
        fixture_restart();
        is_at_rest(2);
}

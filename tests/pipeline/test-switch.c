/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/pipeline/fixture.h"

#include <errno.h>

/* From the first request to live: requests go to the new version, with the old one ready behind it, until
 * the new one has kept running and listening for a while. */

PIPELINE_SUITE(switching);

static Instance *web(const Deployment *deployment)
{
        return fixture_instance(deployment, "web.1");
}

static void routes_are(const Deployment *deployment, Route route)
{
        cr_assert_eq(web(deployment)->routed, route, "%d", web(deployment)->routed);
}

static Deployment *old;
static Deployment *new;

/* The second version takes the requests, and is watched. */
static void begin_to_settle(void)
{
        old = fixture_go_live();
        new = fixture_deploy();
        status_is(new, "switching");
        says(new->status_text, "watching it for 5 s");
        routes_are(new, ROUTE_READY);
        routes_are(old, ROUTE_DRAINING);
}

/* The new version has failed, and nothing has happened to the old one. */
static void went_back(const char *sentence)
{
        status_is(new, "failed");
        if (strchr(sentence, '|'))
                reason_is(new, sentence);
        else
                says(new->error_summary, sentence);
        cr_assert_eq(fixture.app->live, old);
        routes_are(old, ROUTE_READY);
        app_is("running");
        loop_advance(fixture.config->drain_timeout);
        cr_assert_null(new->instances);
        cr_assert_eq(fake_units_n_loaded(UNIT_APP), 1);
        cr_assert_eq(fake_unit_n_starts(fixture_unit(old, "web.1")), 1);
        cr_assert_null(fixture.fatal, "%s", fixture.fatal);
}

Test(switching, ends_when_the_new_version_has_stood_its_time)
{
        begin_to_settle();
        loop_advance(fixture.config->check_settle - 1);
        status_is(new, "switching");
        loop_advance(1);
        status_is(new, "live");
        status_is(old, "superseded");
        cr_assert_eq(fixture.app->live, new);
        cr_assert_eq(new->settles_at, 0);
        routes_are(new, ROUTE_READY);
}

Test(switching, leaves_the_old_version_its_requests)
{
        begin_to_settle();
        fake_ingress.hold = true;
        loop_advance(fixture.config->check_settle);
        status_is(old, "superseded");
        cr_assert_eq(web(old)->route, ROUTE_NONE);
        loop_advance(fixture.config->drain_timeout - USEC_PER_SEC);
        cr_assert_eq(fake_units_n_loaded(UNIT_APP), 2, "its requests have drain-timeout");
        fake_ingress_follow();
        loop_run();
        cr_assert_eq(fake_units_n_loaded(UNIT_APP), 1);
        cr_assert_null(old->instances);
}

Test(switching, waits_for_the_ingress_and_says_why)
{
        fake_ingress.hold = true;
        fake_ingress.sentence = "haproxy does not run";
        new = fixture_deploy();
        status_is(new, "switching");
        loop_advance(3600 * USEC_PER_SEC);
        status_is(new, "switching");
        cr_assert_str_eq(new->status_text, "waiting: haproxy does not run");
        fake_ingress.hold = false;
        fake_ingress_follow();
        loop_advance(fixture.config->check_settle);
        status_is(new, "live");
}

Test(switching, is_over_at_once_for_what_takes_no_requests)
{
        fake_units.answer[UNIT_IMPORT] = FAKE_RELEASE "process.worker=yes\nformation.worker=2";
        new = fixture_deploy();
        status_is(new, "checking");
        cr_assert_str_eq(new->status_text, "seeing that it keeps running");
        loop_advance(fixture.config->check_settle - 1);
        status_is(new, "checking");
        loop_advance(1);
        status_is(new, "live");
        cr_assert_eq(fake_probe.n_checks, 0);
        app_is("running");
}

Test(switching, fails_when_an_instance_ends_in_the_settling_time)
{
        begin_to_settle();
        fake_units.last_line = "the price is missing";
        fake_units.hold_journal = true;
        fake_unit_exits(fixture_unit(new, "web.1"), 3);
        loop_run();
        status_is(new, "switching");
        routes_are(old, ROUTE_READY);
        routes_are(new, ROUTE_NONE);
        fake_units_read_journal();
        loop_run();
        went_back("web.1 exited with status 3|: the price is missing");
}

Test(switching, fails_when_one_of_two_instances_ends)
{
        cr_assert_eq(formation_set(&fixture.app->settings.formation, "web", 2), 0);
        begin_to_settle();
        fake_unit_exits(fixture_unit(new, "web.2"), 1);
        loop_run();
        status_is(new, "failed");
        cr_assert_str_eq(new->error_summary, "web.2 exited with status 1");
        for (unsigned number = 1; number <= 2; number++) {
                const char *dyno = number == 1 ? "web.1" : "web.2";

                cr_assert_eq(fixture_instance(old, dyno)->routed, ROUTE_READY);
        }
        app_is("running");
        loop_run();
        cr_assert_eq(fake_units_n_loaded(UNIT_APP), 2);
}

Test(switching, of_a_first_version_fails_with_nothing_behind_it)
{
        new = fixture_deploy();
        routes_are(new, ROUTE_READY);
        fake_unit_exits(fixture_unit(new, "web.1"), 1);
        loop_run();
        status_is(new, "failed");
        cr_assert_null(new->instances);
        app_is("failed");
}

Test(switching, fails_when_an_instance_was_started_again_in_the_settling_time)
{
        begin_to_settle();
        fake_unit_pauses(fixture_unit(new, "web.1"));
        loop_run();
        went_back("web.1 exited with status 1");
        fake_unit_runs(fixture_unit(old, "web.1"));
        loop_run();
}

Test(switching, fails_when_a_run_ends_that_nobody_has_seen_end)
{
        begin_to_settle();
        fake_unit_runs(fixture_unit(new, "web.1"));
        loop_run();
        went_back("web.1 ended and was started again");
}

Test(switching, fails_when_it_stops_listening)
{
        begin_to_settle();
        fake_probe.answer.result = PROBE_TIMEOUT;
        loop_advance(2 * USEC_PER_SEC);
        went_back("web.1 stopped listening on port 20001, its $PORT, although it still runs");
}

Test(switching, fails_when_it_is_not_healthy_at_the_end)
{
        cr_assert_eq(text_replace(&fixture.app->settings.health_check_path, "/up"), 0);
        begin_to_settle();
        cr_assert_eq(fake_probe.n_health_checks, 3, "one for each start, one at the end of the first");
        loop_advance(fixture.config->check_settle - USEC_PER_MSEC);
        status_is(new, "switching");
        fake_probe.answer = (ProbeAnswer){ .result = PROBE_UNHEALTHY, .text = "answered 503" };
        loop_advance(USEC_PER_SEC);
        cr_assert_eq(fake_probe.n_health_checks, 4);
        went_back("the health check GET /up on port 20001 answered 503");
}

Test(switching, goes_on_when_the_probe_has_no_room_for_a_look)
{
        begin_to_settle();
        fake_probe.error = -EBUSY;
        loop_advance(fixture.config->check_settle + USEC_PER_SEC);
        status_is(new, "switching");
        fake_probe.error = 0;
        loop_advance(2 * USEC_PER_SEC);
        status_is(new, "live");
}

Test(switching, fails_when_it_cannot_be_watched)
{
        begin_to_settle();
        fake_probe.error = -ENOMEM;
        loop_advance(USEC_PER_SEC);
        went_back("it could not be watched: Cannot allocate memory");
}

Test(switching, is_cancelled_while_it_settles)
{
        begin_to_settle();
        fixture_cancel(new);
        status_is(new, "cancelled");
        cr_assert(answer.done && answer.error[0] == '\0');
        cr_assert_eq(answer.id, new->id);
        routes_are(old, ROUTE_READY);
        cr_assert_eq(fake_units_n_loaded(UNIT_APP), 1);
}

Test(switching, cannot_be_cancelled_once_it_is_committed)
{
        begin_to_settle();
        fake_store.hold = "701";
        loop_advance(fixture.config->check_settle);
        fixture_cancel(new);
        cr_assert_not(answer.done);
        fake_store_release();
        loop_run();
        status_is(new, "live");
        cr_assert_str_eq(answer.error, "AlreadyFinished");
        fixture_cancel(new);
        cr_assert_str_eq(answer.error, "AlreadyFinished");
}

Test(switching, keeps_the_old_version_behind_when_that_was_restarted)
{
        begin_to_settle();
        fake_unit_pauses(fixture_unit(old, "web.1"));
        loop_run();
        routes_are(old, ROUTE_NONE);
        fake_unit_runs(fixture_unit(old, "web.1"));
        loop_run();
        routes_are(old, ROUTE_DRAINING);
        routes_are(new, ROUTE_READY);
        status_is(new, "switching");
}

Test(switching, brings_back_what_crashes_while_live_is_committed)
{
        begin_to_settle();
        fake_store.hold = "701";
        loop_advance(fixture.config->check_settle);
        cr_assert(fake_store_holds("701"));
        fake_unit_pauses(fixture_unit(new, "web.1"));
        loop_run();
        status_is(new, "switching");
        fake_store_release();
        loop_run();
        status_is(new, "live");
        status_is(old, "superseded");
        app_is("degraded");
        fake_unit_runs(fixture_unit(new, "web.1"));
        loop_run();
        app_is("running");
        routes_are(new, ROUTE_READY);
        cr_assert_null(fixture.fatal, "%s", fixture.fatal);
}

/* PID 1 leaves these at that: deployd has to start them again. */
Test(switching, starts_again_what_ends_for_good_while_live_is_committed)
{
        for (int status = 0; status < 2; status++) {
                begin_to_settle();
                fake_store.hold = "701";
                loop_advance(fixture.config->check_settle);
                fake_unit_exits(fixture_unit(new, "web.1"), status);
                loop_run();
                fake_store_release();
                loop_run();
                status_is(new, "live");
                app_is("degraded");
                loop_advance(2 * fixture.config->restart_pause);
                app_is("running");
                routes_are(new, ROUTE_READY);
                fixture_reset();
        }
}

Test(switching, gives_requests_to_what_has_crashed_and_runs_before_live_is_committed)
{
        begin_to_settle();
        fake_store.hold = "701";
        loop_advance(fixture.config->check_settle);
        fake_unit_pauses(fixture_unit(new, "web.1"));
        loop_run();
        fake_unit_runs(fixture_unit(new, "web.1"));
        loop_run();
        fake_store_release();
        loop_run();
        status_is(new, "live");
        app_is("running");
        routes_are(new, ROUTE_READY);
}

Test(switching, gives_requests_to_the_others_when_one_crashes_while_live_is_committed)
{
        cr_assert_eq(formation_set(&fixture.app->settings.formation, "web", 2), 0);
        begin_to_settle();
        fake_store.hold = "701";
        loop_advance(fixture.config->check_settle);
        fake_unit_pauses(fixture_unit(new, "web.1"));
        loop_run();
        fake_store_release();
        loop_run();
        status_is(new, "live");
        app_is("degraded");
        routes_are(new, ROUTE_NONE);
        cr_assert_eq(fixture_instance(new, "web.2")->routed, ROUTE_READY);
}

Test(switching, goes_on_after_a_restart_of_the_daemon_before_the_requests)
{
        fake_ingress.hold = true;
        new = fixture_deploy();
        fixture_restart();
        status_is(new, "switching");
        fake_ingress.hold = false;
        fake_ingress_follow();
        loop_advance(fixture.config->check_settle);
        status_is(new, "live");
        cr_assert_eq(fake_unit_n_starts(fixture_unit(new, "web.1")), 2, "the second takes it back");
}

Test(switching, begins_to_watch_once_more_after_a_restart_of_the_daemon)
{
        begin_to_settle();
        loop_advance(fixture.config->check_settle - USEC_PER_SEC);
        fixture_restart();
        status_is(new, "switching");
        routes_are(new, ROUTE_READY);
        loop_advance(2 * USEC_PER_SEC);
        status_is(new, "switching");
        loop_advance(fixture.config->check_settle);
        status_is(new, "live");
        status_is(old, "superseded");
}

Test(switching, fails_after_a_restart_of_the_daemon_if_an_instance_has_ended)
{
        begin_to_settle();
        fake_unit_exits(fixture_unit(new, "web.1"), 1);
        fixture_restart();
        status_is(new, "failed");
        cr_assert_eq(fixture.app->live, old);
        routes_are(old, ROUTE_READY);
}

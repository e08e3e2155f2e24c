/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/pipeline/fixture.h"

#include <errno.h>

#include "base/names.h"

/* One instance before it is live: what becomes of its unit becomes of its deployment. */

PIPELINE_SUITE(keeper);

static Deployment *deployment;

static void failed(const char *sentence)
{
        status_is(deployment, "failed");
        reason_is(deployment, sentence);
        loop_run();
        cr_assert_null(deployment->instances);
        cr_assert_eq(fake_units_n_loaded(UNIT_APP), 0);
        cr_assert_null(fixture.fatal, "%s", fixture.fatal);
        app_is("failed");
}

/* Its unit is starting. */
static const char *begin(void)
{
        fake_units.start[UNIT_APP] = FAKE_STARTS;
        deployment = fixture_deploy();
        status_is(deployment, "starting");
        return fixture_unit(deployment, "web.1");
}

Test(keeper, fails_when_its_unit_cannot_be_started)
{
        fake_units.start[UNIT_APP] = FAKE_REFUSED;
        deployment = fixture_deploy();
        failed("web.1 could not be started: systemd says no");
}

Test(keeper, fails_when_systemd_cannot_be_asked)
{
        fake_store.hold = "201";
        deployment = fixture_deploy();
        fake_units.no_calls = true;
        fake_store_release();
        loop_run();
        status_is(deployment, "failed");
        says(deployment->error_summary, "web.1 could not be started: Transport endpoint is not connected");
}

Test(keeper, fails_when_its_environment_cannot_be_written)
{
        cr_assert_eq(rename(PATH_ENVIRONMENT, PATH_ENVIRONMENT ".away"), 0);
        deployment = fixture_deploy();
        failed("web.1 could not be started: No such file or directory");
}

Test(keeper, fails_when_a_stranger_has_the_name)
{
        const char *unit = begin();

        fake_unit_is_strange(unit);
        loop_run();
        status_is(deployment, "failed");
        says(deployment->error_summary, "web.1 does not run: the unit ");
        says(deployment->error_summary, "is not deployd's: somebody else has made it");
}

/* What it says about a process that ends with that status before it listens. */
static void ends_with(int status, const char *line, const char *sentence)
{
        fake_probe.hold = true;
        fake_units.last_line = line;
        deployment = fixture_deploy();
        status_is(deployment, "checking");
        fake_unit_exits(fixture_unit(deployment, "web.1"), status);
        loop_run();
        failed(sentence);
        fixture_reset();
}

Test(keeper, says_how_it_ended_and_what_it_said_last)
{
        ends_with(0, "", "web.1 exited with status 0 before it listened on port 20000");
        ends_with(1, "no such file: menu.txt",
                  "web.1 exited with status 1 before it listened on port 20000|: no such file: menu.txt");
        ends_with(127, "\033[31mred\033[0m",
                  "web.1 exited with status 127 (command not found) before it listened on port 20000|: red");
}

Test(keeper, says_no_value_of_a_variable)
{
        EnvironmentVersion *version = environment_version_new(fixture.app, 1, 0, 0, NULL);

        cr_assert(version);
        cr_assert_eq(variables_set(&version->variables, "KEY", "abracadabra"), 0);
        fixture.app->environment = version;
        fake_units.last_line = "the key abracadabra is wrong";
        fake_probe.hold = true;
        deployment = fixture_deploy();
        fake_unit_exits(fixture_unit(deployment, "web.1"), 1);
        loop_run();
        failed("web.1 exited with status 1 before it listened on port 20000|: the key *** is wrong");
}

Test(keeper, says_which_health_check_it_did_not_come_to)
{
        cr_assert_eq(text_replace(&fixture.app->settings.health_check_path, "/up"), 0);
        fake_probe.hold = true;
        deployment = fixture_deploy();
        cr_assert_str_eq(deployment->status_text, "waiting until GET /up answers");
        fake_unit_exits(fixture_unit(deployment, "web.1"), 1);
        loop_run();
        failed("web.1 exited with status 1 before the health check GET /up on port 20000 succeeded");
}

Test(keeper, fails_once_however_often_its_end_is_told)
{
        fake_probe.hold = fake_units.hold_journal = true;
        deployment = fixture_deploy();
        fake_unit_pauses(fixture_unit(deployment, "web.1"));
        loop_run();
        fake_unit_exits(fixture_unit(deployment, "web.1"), 1);
        loop_run();
        status_is(deployment, "checking");
        fake_units_read_journal();
        loop_run();
        failed("web.1 exited with status 1 before it listened on port 20000");
}

Test(keeper, of_a_worker_says_no_port)
{
        fake_units.answer[UNIT_IMPORT] = FAKE_RELEASE "process.worker=yes\nformation.worker=1";
        deployment = fixture_deploy();
        fake_unit_exits(fixture_unit(deployment, "worker.1"), 1);
        loop_run();
        failed("worker.1 exited with status 1");
}

Test(keeper, waits_for_the_notice_of_one_that_gives_it)
{
        const char *unit;

        cr_assert_eq(text_replace(&fixture.app->settings.readiness, "notify"), 0);
        unit = begin();
        fake_unit_runs(unit);
        loop_run();
        status_is(deployment, "switching");
}

Test(keeper, fails_when_the_notice_does_not_come)
{
        const char *unit;

        cr_assert_eq(text_replace(&fixture.app->settings.readiness, "notify"), 0);
        unit = begin();
        fake_unit_is_late(unit);
        loop_run();
        status_is(deployment, "failed");
        cr_assert_str_eq(deployment->error_summary, "web.1 did not say READY=1 within 60 s");
}

Test(keeper, says_that_it_ended_before_its_notice)
{
        const char *unit;

        cr_assert_eq(text_replace(&fixture.app->settings.readiness, "notify"), 0);
        unit = begin();
        fake_unit_exits(unit, 1);
        loop_run();
        failed("web.1 exited with status 1 before it said READY=1");
}

Test(keeper, says_who_else_is_at_the_port)
{
        fake_probe.answer = (ProbeAnswer){ .result = PROBE_FOREIGN, .number = 1234, .cgroup_id = 7 };
        deployment = fixture_deploy();
        status_is(deployment, "failed");
        says(deployment->error_summary, "port 20000 is held by ");
        says(deployment->error_summary, "1234");
}

Test(keeper, says_that_nobody_listens)
{
        fake_probe.answer.result = PROBE_TIMEOUT;
        deployment = fixture_deploy();
        failed("web.1 did not listen on port 20000, its $PORT, within 60 s");
}

/* Its port is waited for, and it listens there. */
static void listens_on(const char *addresses)
{
        fake_probe.hold = true;
        fake_probe.elsewhere = addresses;
        deployment = fixture_deploy();
        status_is(deployment, "checking");
}

#define WAITS_FOR_PORT(elsewhere) \
        "web.1 listens on " elsewhere ", not yet on 127.0.0.1:20000, its $HOST and $PORT"
#define ELSEWHERE "web.1 did not listen on 127.0.0.1:20000, its $HOST and $PORT: it listens on "

Test(keeper, says_at_once_where_else_it_listens)
{
        listens_on("127.0.0.1:3000");
        loop_advance(USEC_PER_SEC);
        status_is(deployment, "checking");
        cr_assert_str_eq(deployment->status_text, WAITS_FOR_PORT("127.0.0.1:3000"));
        fake_probe.elsewhere = NULL;
        loop_advance(USEC_PER_SEC);
        cr_assert_str_eq(deployment->status_text, "waiting until it listens");
}

Test(keeper, fails_a_quarter_of_its_time_after_it_has_listened_elsewhere)
{
        listens_on(NULL);
        loop_advance(20 * USEC_PER_SEC);
        fake_probe.elsewhere = "[::1]:20000";
        loop_advance(15 * USEC_PER_SEC);
        status_is(deployment, "checking");
        loop_advance(USEC_PER_SEC);
        failed(ELSEWHERE "[::1]:20000");
}

Test(keeper, has_more_time_while_it_opens_ports)
{
        listens_on("127.0.0.1:3000");
        loop_advance(14 * USEC_PER_SEC);
        fake_probe.elsewhere = "127.0.0.1:3000, 127.0.0.1:4000";
        loop_advance(14 * USEC_PER_SEC);
        status_is(deployment, "checking");
        fake_probe_answer(PROBE_LISTENING);
        loop_run();
        status_is(deployment, "switching");
}

Test(keeper, listens_where_it_was_seen_last_while_that_is_not_known)
{
        listens_on("127.0.0.1:3000");
        loop_advance(USEC_PER_SEC);
        fake_probe.away = true;
        loop_advance(5 * USEC_PER_SEC);
        cr_assert_str_eq(deployment->status_text, WAITS_FOR_PORT("127.0.0.1:3000"));
        fake_probe_answer(PROBE_TIMEOUT);
        loop_run();
        failed(ELSEWHERE "127.0.0.1:3000");
}

Test(keeper, that_listens_elsewhere_while_it_is_live_is_checked_again)
{
        const char *unit;

        deployment = fixture_go_live();
        unit = fixture_unit(deployment, "web.1");
        fake_probe.hold = true;
        fake_probe.elsewhere = "127.0.0.1:3000";
        fake_unit_pauses(unit);
        loop_run();
        fake_unit_runs(unit);
        loop_advance(20 * USEC_PER_SEC);
        app_is("degraded");
        fake_probe_answer(PROBE_LISTENING);
        loop_run();
        app_is("running");
}

Test(keeper, says_that_the_helper_does_not_know)
{
        fake_probe.answer = (ProbeAnswer){ .result = PROBE_FAILED, .text = "no sock_diag" };
        deployment = fixture_deploy();
        failed("port 20000 could not be checked: no sock_diag");
}

Test(keeper, says_that_it_cannot_be_checked)
{
        fake_probe.error = -ENOMEM;
        deployment = fixture_deploy();
        failed("web.1 could not be checked: Cannot allocate memory");
}

Test(keeper, waits_for_room_to_be_checked)
{
        fake_probe.error = -EBUSY;
        deployment = fixture_deploy();
        loop_advance(10 * USEC_PER_SEC);
        status_is(deployment, "checking");
        fake_probe.error = 0;
        loop_advance(USEC_PER_SEC);
        status_is(deployment, "switching");
}

Test(keeper, takes_the_check_of_the_tree_where_nobody_has_set_one)
{
        fake_units.answer[UNIT_IMPORT] =
                FAKE_RELEASE "process.web=yes\nhealth.path=/ready\nhealth.attempts=3\n"
                             "health.timeout-usec=1000000\nhealth.wait-usec=1000";
        fake_probe.hold = true;
        fixture.app->settings.health_check_timeout_usec = USEC_PER_SEC;
        deployment = fixture_deploy();
        cr_assert_str_eq(deployment->status_text, "waiting until GET /ready answers");
        cr_assert_eq(fake_probe.n_health_checks, 1);
}

Test(keeper, is_not_judged_while_the_machine_goes_down)
{
        fake_units.start[UNIT_APP] = FAKE_STARTS;
        deployment = fixture_deploy();
        fake_units.going_down = true;
        fake_unit_exits(fixture_unit(deployment, "web.1"), 1);
        loop_advance(3600 * USEC_PER_SEC);
        status_is(deployment, "starting");
        fake_units_stay_up();
        loop_run();
        status_is(deployment, "failed");
}

Test(keeper, is_forgotten_with_the_daemon_while_the_machine_goes_down)
{
        fake_units.start[UNIT_APP] = FAKE_STARTS;
        deployment = fixture_deploy();
        fake_units.going_down = true;
        fake_unit_exits(fixture_unit(deployment, "web.1"), 1);
        loop_run();
        fake_unit_vanishes(fixture_unit(deployment, "web.1"));
        fake_units.start[UNIT_APP] = FAKE_WORKS;
        fixture_restart();
        status_is(deployment, "switching");
}

Test(keeper, waits_until_an_older_unit_of_its_name_is_gone)
{
        Deployment *live = fixture_go_live();
        const char *unit = fixture_unit(live, "web.1");

        fake_units.hold_removals = true;
        fixture_stop();
        fixture_start();
        cr_assert_eq(fake_unit_n_starts(unit), 1);
        fake_units_answer();
        loop_run();
        cr_assert_eq(fake_unit_n_starts(unit), 2);
        app_is("running");
}

Test(keeper, that_has_failed_is_no_harm_to_the_next_deployment)
{
        fake_probe.answer.result = PROBE_TIMEOUT;
        deployment = fixture_deploy();
        failed("web.1 did not listen on port 20000, its $PORT, within 60 s");
        fake_probe.answer.result = PROBE_LISTENING;
        fixture_go_live();
        app_is("running");
}

Test(keeper, is_asked_for_its_health_at_its_start_only)
{
        unsigned n;

        cr_assert_eq(text_replace(&fixture.app->settings.health_check_path, "/up"), 0);
        fixture_go_live();
        n = fake_probe.n_health_checks;
        cr_assert_eq(n, 2, "to become ready, and at the end of the settling time");
        fake_probe.answer = (ProbeAnswer){ .result = PROBE_UNHEALTHY, .text = "answered 503" };
        loop_advance(3600 * USEC_PER_SEC);
        cr_assert_eq(fake_probe.n_health_checks, n);
        app_is("running");
}

Test(keeper, is_not_asked_for_its_health_without_a_path)
{
        fixture_go_live();
        cr_assert_eq(fake_probe.n_health_checks, 0);
}

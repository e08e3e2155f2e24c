/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/pipeline/rows.h"

#include <errno.h>

#include "daemon/pipeline/pipeline.h"

/* The database refuses, is away, or has not answered when the daemon ends: at each row of the flow table. */

PIPELINE_SUITE(store);

/* The deployment whose row is being committed: of the last row it is the newer one. */
static Deployment *moving(Deployment *deployment)
{
        return deployment == fixture.app->live ? app_running_deployment(fixture.app) : deployment;
}

Test(store, that_refuses_a_row_ends_the_daemon)
{
        for (size_t i = 0; i < n_row_cases; i++) {
                Deployment *deployment = row_hold(&row_cases[i]);

                fake_store.refuse = row_cases[i].commit;
                fake_store.error = -EIO;
                fake_store.sentence = "no";
                fake_store_release();
                loop_run();
                cr_assert(fixture.fatal, "row %u", row_cases[i].row);
                says(fixture.fatal, "could not be recorded: no");
                status_is(deployment, row_cases[i].from);
                fixture_reset();
        }
}

Test(store, that_cannot_be_asked_ends_the_daemon)
{
        for (size_t i = 0; i < n_row_cases; i++) {
                Deployment *deployment;

                row_cases[i].prepare();
                fake_store.unsent = row_cases[i].commit;
                deployment = row_cases[i].begin();
                row_cases[i].come(deployment);
                cr_assert(fixture.fatal, "row %u", row_cases[i].row);
                says(fixture.fatal, "A change could not be sent to the database: ");
                status_is(deployment, row_cases[i].from);
                fixture_reset();
        }
}

Test(store, that_is_away_is_waited_for_and_the_deployment_says_so)
{
        for (size_t i = 0; i < n_row_cases; i++)
                for (int before = 0; before < 2; before++) {
                        Deployment *deployment;

                        if (before)
                                pipeline_database_changed(fixture.pipeline, /* away= */ true);
                        deployment = row_hold(&row_cases[i]);
                        row_make_work_last();
                        pipeline_database_changed(fixture.pipeline, /* away= */ true);
                        cr_assert_str_eq(moving(deployment)->status_text, "waiting: the database is away");
                        loop_advance(60 * USEC_PER_SEC);
                        status_is(deployment, row_cases[i].from);
                        pipeline_database_changed(fixture.pipeline, /* away= */ false);
                        fake_store_release();
                        loop_run();
                        status_is(deployment, row_cases[i].to);
                        cr_assert_str_neq(deployment->status_text, "waiting: the database is away");
                        cr_assert_null(fixture.fatal, "%s", fixture.fatal);
                        fixture_reset();
                }
}

/* Nothing is in the way any more. */
static void make_all_well(void)
{
        fake_store.hold = NULL;
        fake_units_work();
        fake_probe.hold = fake_ingress.hold = false;
        fake_probe.answer.result = PROBE_LISTENING;
        fixture.config->parallel = 4;
        fixture.config->min_free_space = 0;
}

/* What the daemon makes of a deployment after its start. */
static void comes_to(Deployment *deployment, const char *end)
{
        loop_run();
        fake_units_work();
        loop_advance(2 * fixture.config->check_settle);
        status_is(deployment, end);
        loop_advance(fixture.config->drain_timeout + 2 * USEC_PER_SEC);
        cr_assert_eq(fake_units_n_loaded(UNIT_APP), fixture.app->live ? 1 : 0);
        cr_assert_null(fixture.fatal, "%s", fixture.fatal);
}

/* The status is entered again. Who asked for the end has not been told that it is granted, and what has
 * failed may not fail again; but what has crashed has. */
Test(store, that_has_no_row_when_the_daemon_ends_has_none)
{
        for (size_t i = 0; i < n_row_cases; i++) {
                const RowCase *row = &row_cases[i];
                Deployment *deployment = row_hold(row);

                make_all_well();
                fixture_restart();
                comes_to(deployment, row->row == 708 ? "failed" : row->row == 801 ? "superseded" : "live");
                fixture_reset();
        }
}

/* What a status has begun goes on, or begins again. */
Test(store, that_has_the_row_when_the_daemon_ends_has_it)
{
        for (size_t i = 0; i < n_row_cases; i++) {
                const RowCase *row = &row_cases[i];
                Deployment *deployment = row_hold(row);

                row_make_work_last();
                fake_store_release();
                loop_run();
                status_is(deployment, row->to);
                make_all_well();
                fixture_restart();
                comes_to(deployment, deployment_status_is_finished(deployment->status) ? row->to : "live");
                fixture_reset();
        }
}

Test(store, that_has_forgotten_the_app_meanwhile_is_obeyed)
{
        for (size_t i = 0; i < n_row_cases; i++) {
                (void) row_hold(&row_cases[i]);
                fixture_remove(/* force= */ true);
                cr_assert(answer.done && answer.error[0] == '\0', "%s", answer.error);
                fake_store_release();
                fake_units_work();
                loop_advance(60 * USEC_PER_SEC);
                cr_assert_null(fixture.model->deployments);
                cr_assert_eq(fake_units_n_loaded(UNIT_APP) + fake_units_n_loaded(UNIT_FETCH) +
                                     fake_units_n_loaded(UNIT_BUILD),
                             0);
                cr_assert_null(fixture.fatal, "%s", fixture.fatal);
                fixture_reset();
        }
}

/* Of a row that starts instances: the database has no port left, or not the release. */
static void start_is_refused(uint64_t number, const char *sentence)
{
        for (size_t i = 0; i < n_row_cases; i++) {
                Deployment *deployment;

                if (strcmp(row_cases[i].to, "starting") != 0)
                        continue;
                deployment = row_hold(&row_cases[i]);
                fake_store.refuse = row_cases[i].commit;
                fake_store.error = -ESTALE;
                fake_store.number = number;
                fake_store_release();
                loop_run();
                status_is(deployment, "failed");
                cr_assert_str_eq(deployment->error_summary, sentence);
                cr_assert_null(deployment->instances);
                cr_assert_null(fixture.fatal, "%s", fixture.fatal);
                fixture_reset();
        }
}

Test(store, that_has_no_port_left_fails_the_deployment)
{
        start_is_refused(1, "no free port in 20000-29999");
}

Test(store, that_does_not_keep_the_release_any_more_fails_the_deployment)
{
        start_is_refused(2, "its release is not kept any more");
}

Test(store, that_has_no_port_left_says_who_holds_some)
{
        Deployment *deployment;

        fake_probe.held_ports = "8001";
        fake_store.refuse = "201";
        fake_store.error = -ESTALE;
        fake_store.number = 1;
        deployment = fixture_deploy();
        status_is(deployment, "failed");
        cr_assert_str_eq(deployment->error_summary,
                         "no free port in 20000-29999: other processes hold some, see ss -lntp");
}

Test(store, that_has_no_port_left_says_nothing_of_those_of_instances)
{
        Deployment *deployment;

        fixture_go_live();
        fake_probe.held_ports = "8";
        fake_store.refuse = "201";
        fake_store.error = -ESTALE;
        fake_store.number = 1;
        deployment = fixture_deploy();
        status_is(deployment, "failed");
        cr_assert_str_eq(deployment->error_summary, "no free port in 20000-29999");
}

/* While it is asked which ports are held. */
Test(store, is_not_asked_to_start_what_has_no_release_any_more)
{
        Deployment *live = fixture_go_live(), *deployment;

        fake_probe.hold_ports = true;
        deployment = fixture_redeploy();
        status_is(deployment, "queued");
        live->release = release_free(live->release);
        fake_probe.hold_ports = false;
        fake_probe_answer(PROBE_HELD);
        loop_run();
        status_is(deployment, "failed");
        cr_assert_str_eq(deployment->error_summary, "its release is not kept any more");
}

Test(store, is_not_asked_to_start_what_is_removed)
{
        fake_probe.hold_ports = true;
        fixture_deploy();
        fixture_remove(/* force= */ true);
        fake_probe.hold_ports = false;
        fake_probe_answer(PROBE_HELD);
        loop_run();
        cr_assert_null(fake_store.rows ? strstr(fake_store.rows, "201") : NULL);
        cr_assert_null(fixture.fatal, "%s", fixture.fatal);
}

Test(store, is_asked_again_when_the_daemon_has_ended_before)
{
        Deployment *deployment;

        fake_probe.hold_ports = true;
        deployment = fixture_deploy();
        status_is(deployment, "fetching");
        fake_probe.hold_ports = false;
        fixture_restart();
        loop_advance(fixture.config->check_settle);
        status_is(deployment, "live");
}

/* What a deployment was to bring is taken back when it does not come to be live. */
Test(store, takes_back_variables_with_their_deployment)
{
        EnvironmentVersion *before;
        Deployment *deployment;

        fixture_go_live();
        deployment = fixture_set_variable("PRICE", "1");
        loop_advance(fixture.config->check_settle);
        status_is(deployment, "live");
        before = fixture.app->environment;
        fake_probe.answer.result = PROBE_TIMEOUT;
        deployment = fixture_set_variable("PRICE", "2");
        status_is(deployment, "failed");
        cr_assert_eq(fixture.app->environment, before);
        cr_assert_str_eq(variables_get(app_variables(fixture.app), "PRICE"), "1");
        app_is("running");
}

Test(store, leaves_variables_that_were_set_since)
{
        Deployment *first, *second;

        fixture_go_live();
        fake_probe.hold = true;
        first = fixture_set_variable("PRICE", "1");
        second = fixture_set_variable("COLOUR", "red");
        fake_probe_answer(PROBE_TIMEOUT);
        loop_run();
        status_is(first, "failed");
        status_is(second, "checking");
        cr_assert_str_eq(variables_get(app_variables(fixture.app), "COLOUR"), "red");
        fake_probe.hold = false;
        fake_probe_answer(PROBE_LISTENING);
        loop_advance(fixture.config->check_settle);
        status_is(second, "live");
}

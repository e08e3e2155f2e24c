/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/pipeline/fixture.h"

#include <stdlib.h>

#include "daemon/pipeline/call.h"

/* Calls, crashes and delays in an order that nobody has thought of: whatever it was, the app runs in the end
 * as it should.
 */

PIPELINE_SUITE(walk);

#define N_WALKS 100
#define N_STEPS 40

/* Of the walk: the same numbers each time. */
static unsigned short numbers[3];

static unsigned draw(unsigned n)
{
        return (unsigned) nrand48(numbers) % n;
}

/* One of the units that the live or the running deployment has; NULL = there is none. */
static const char *draw_unit(void)
{
        const Deployment *running = app_running_deployment(fixture.app);
        const Deployment *deployment = running && draw(2) ? running : fixture.app->live;
        const Instance *instance, *drawn = NULL;
        unsigned n = 0;

        if (deployment)
                LIST_FOREACH (instances, instance, deployment->instances)
                        if (fake_unit_is_loaded(instance->unit) && draw(++n) == 0)
                                drawn = instance;
        return drawn ? drawn->unit : NULL;
}

static void ask(unsigned what)
{
        Deployment *unfinished = app_running_deployment(fixture.app);
        sd_bus_error error = SD_BUS_ERROR_NULL;
        Call call = answer_call();

        if (what < 3 && fixture.model->n_queued > 2)
                return;
        switch (what) {
        case 0:
                (void) deployment_create(fixture.pipeline, fixture.app, "", NULL, DEPLOYMENT_DEPLOY, &call,
                                         &error);
                break;
        case 1:
                (void) app_redeploy(fixture.pipeline, fixture.app, &call, &error);
                break;
        case 2:
                (void) app_rollback(fixture.pipeline, fixture.app, 0, &call, &error);
                break;
        case 3:
                (void) app_stop(fixture.pipeline, fixture.app, &call, &error);
                break;
        case 4:
                (void) app_start(fixture.pipeline, fixture.app, &call, &error);
                break;
        case 5:
                (void) app_restart(fixture.pipeline, fixture.app, &call, &error);
                break;
        default:
                if (unfinished)
                        (void) deployment_cancel(fixture.pipeline, unfinished, &call, &error);
        }
        sd_bus_error_free(&error);
}

static void scale(unsigned count)
{
        _cleanup_(app_settings_clear) AppSettings settings = {};
        sd_bus_error error = SD_BUS_ERROR_NULL;
        Call call = answer_call();

        cr_assert_eq(app_settings_copy(&settings, &fixture.app->settings), 0);
        cr_assert_eq(formation_set(&settings.formation, "web", count), 0);
        (void) app_set(fixture.pipeline, fixture.app, &settings, &call, &error);
        sd_bus_error_free(&error);
}

static void happen(unsigned what)
{
        const char *unit = draw_unit();

        if (!unit)
                return;
        switch (what) {
        case 0:
                fake_unit_exits(unit, 1);
                break;
        case 1:
                fake_unit_exits(unit, 0);
                break;
        case 2:
                fake_unit_pauses(unit);
                break;
        case 3:
                fake_unit_runs(unit);
                break;
        default:
                fake_unit_vanishes(unit);
        }
}

/* Something is in the way from now on, or not any more. */
static void hinder(unsigned what)
{
        switch (what) {
        case 0:
                fake_store.hold = "*";
                break;
        case 1:
                fake_store_release();
                break;
        case 2:
                fake_ingress.hold = !fake_ingress.hold;
                break;
        case 3:
                fake_units.hold_removals = true;
                break;
        case 4:
                fake_units_answer();
                break;
        case 5:
                fake_probe.hold = !fake_probe.hold;
                break;
        case 6:
                fake_probe_answer(draw(4) ? PROBE_LISTENING : PROBE_TIMEOUT);
                break;
        case 7:
                fake_units.hold_journal = true;
                break;
        case 8:
                fake_units.hold_restarts = fake_units.hold_limits = true;
                break;
        case 9:
                fake_units.start[UNIT_APP] = draw(3);
                break;
        case 10:
                fake_units.stopped = !fake_units.stopped;
                break;
        default:
                fake_units.going_down = true;
        }
}

static void step(void)
{
        switch (draw(12)) {
        case 0:
        case 1:
        case 2:
                ask(draw(7));
                break;
        case 3:
                scale(1 + draw(3));
                break;
        case 4:
        case 5:
                happen(draw(5));
                break;
        case 6:
        case 7:
                hinder(draw(12));
                break;
        case 8:
                loop_advance(draw(60) * USEC_PER_SEC);
                break;
        case 9:
                if (draw(4))
                        break;
                /* It is up when the database answers, and what nobody knows is gone. */
                fake_store.hold = NULL;
                fake_units.hold_removals = false;
                fixture_restart();
                break;
        default:
                loop_advance(draw(2000) * USEC_PER_MSEC);
        }
        if (draw(3))
                loop_run();
}

/* Nothing is in the way any more, and all has had its time. */
static void let_all_go(void)
{
        fake_store_release();
        fake_units.stopped = false;
        fake_units_work();
        fake_units_answer();
        fake_units_stay_up();
        fake_units_read_journal();
        fake_probe.hold = fake_ingress.hold = false;
        fake_probe_answer(PROBE_LISTENING);
        fake_ingress_follow();
        loop_advance(600 * USEC_PER_SEC);
}

/* The app runs as its formation says, with requests to each instance, and there is nothing else. */
static void check(unsigned walk)
{
        const Deployment *live = fixture.app->live;
        unsigned wanted = formation_count(&fixture.app->settings.formation, "web"), n = 0;
        const Instance *instance;

        cr_assert_null(fixture.fatal, "walk %u: %s", walk, fixture.fatal);
        cr_assert_eq(fixture.model->n_running + fixture.model->n_queued, 0, "walk %u", walk);
        if (!live)
                return;
        fixture_start();
        loop_advance(60 * USEC_PER_SEC);
        cr_assert_eq(fixture.app->status, APP_RUNNING, "walk %u: the app is %s", walk,
                     app_status_to_string(fixture.app->status));
        LIST_FOREACH (instances, instance, live->instances) {
                n++;
                cr_assert(instance->fit && instance->routed == ROUTE_READY && !instance->leaving,
                          "walk %u: %s", walk, instance->unit);
                cr_assert_eq(instance->restart, RESTART_NOT, "walk %u: %s", walk, instance->unit);
        }
        cr_assert_eq(n, wanted ? wanted : 1, "walk %u: %u of %u", walk, n, wanted);
        cr_assert_eq(fake_units_n_loaded(UNIT_APP), n, "walk %u", walk);
}

Test(walk, ends_with_an_app_that_runs)
{
        for (unsigned walk = 0; walk < N_WALKS; walk++) {
                memcpy(numbers, (unsigned short[]){ (unsigned short) walk, 0, 1 }, sizeof(numbers));
                if (draw(4))
                        fixture_go_live();
                for (unsigned i = 0; i < N_STEPS; i++)
                        step();
                let_all_go();
                check(walk);
                fixture_reset();
        }
}

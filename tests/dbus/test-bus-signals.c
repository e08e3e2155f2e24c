/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "base/text.h"
#include "tests/dbus/fixture.h"

BUS_SUITE(bus_signals);

static void set(char **target, const char *value)
{
        cr_assert(text_replace(target, value) >= 0);
}

/* shop of code, with nothing deployed; what came because of that is forgotten. */
static App *start_with_an_app(void)
{
        App *app = fixture_app("shop", fixture_repository("code"));

        fixture_settle();
        free(fixture.signals);
        fixture.signals = NULL;
        return app;
}

static Deployment *start_with_a_deployment(void)
{
        Deployment *deployment = fixture_deployment(start_with_an_app(), 42);

        fixture_settle();
        free(fixture.signals);
        fixture.signals = NULL;
        return deployment;
}

Test(bus_signals, objects_come_before_who_names_them)
{
        (void) fixture_app("shop", fixture_repository("code"));
        fixture_expect_signals("added /repository/code\n"
                               "added /app/shop\n"
                               "changed /repository/code Apps=[/app/shop]\n");
}

Test(bus_signals, a_deployment_is_added_before_it_is_new)
{
        (void) fixture_deployment(start_with_an_app(), 42);
        fixture_expect_signals("added /deployment/_342\n"
                               "new 42 shop\n"
                               "changed  DeploymentsQueued=1\n"
                               "changed /app/shop Deployments=[/deployment/_342]\n");
}

Test(bus_signals, objects_go_and_are_no_longer_named)
{
        Deployment *deployment = start_with_a_deployment();
        Repository *repository = deployment->app->repository;

        model_remove_app(fixture.model, deployment->app);
        fixture_expect_signals("removed /deployment/_342\n"
                               "removed /app/shop\n"
                               "changed  DeploymentsQueued=0\n"
                               "changed /repository/code Apps=[]\n");
        model_remove_repository(fixture.model, repository);
        fixture_expect_signals("removed /repository/code\n");
}

Test(bus_signals, changes_of_a_turn_come_together)
{
        Deployment *deployment = start_with_a_deployment();

        deployment->progress = 0.25;
        model_changed_deployment(fixture.model, deployment);
        set(&deployment->status_text, "Receiving objects");
        model_changed_deployment(fixture.model, deployment);
        deployment->progress = 0.5;
        model_changed_deployment(fixture.model, deployment);
        fixture_expect_signals("changed /deployment/_342 Progress=0.5 StatusText=Receiving objects\n");
}

Test(bus_signals, what_is_not_different_is_not_announced)
{
        Deployment *deployment = start_with_a_deployment();

        deployment->progress = 0.25;
        model_changed_deployment(fixture.model, deployment);
        deployment->progress = -1;
        model_changed_deployment(fixture.model, deployment);
        model_changed_app(fixture.model, deployment->app);
        model_changed_repository(fixture.model, deployment->app->repository);
        bus_facts_changed(fixture.bus);
        fixture_expect_signals("");
}

Test(bus_signals, each_status_is_seen)
{
        Deployment *deployment = start_with_a_deployment();

        model_set_deployment_status(fixture.model, deployment, DEPLOYMENT_FETCHING);
        model_set_deployment_status(fixture.model, deployment, DEPLOYMENT_STARTING);
        model_set_deployment_status(fixture.model, deployment, DEPLOYMENT_CHECKING);
        fixture_expect_signals("changed /deployment/_342 Status=fetching\n"
                               "changed /deployment/_342 Status=starting\n"
                               "changed /deployment/_342 Status=checking\n"
                               "changed  DeploymentsQueued=0 DeploymentsRunning=1\n");
}

Test(bus_signals, a_formation_is_seen_when_it_is_set_and_when_another_tree_says_another)
{
        Deployment *deployment = start_with_a_deployment();
        App *app = deployment->app;

        cr_assert(formation_set(&app->settings.formation, "web", 2) == 0);
        model_changed_app(fixture.model, app);
        fixture_expect_signals("changed /app/shop Formation=[[web,2]]\n");
        formation_clear(&app->settings.formation);
        model_changed_app(fixture.model, app);
        fixture_expect_signals("changed /app/shop Formation=[[web,1]]\n");
        deployment->release = release_new();
        deployment->release_id = deployment->id;
        cr_assert(deployment->release && formation_set(&deployment->release->formation, "worker", 1) == 0);
        model_set_deployment_status(fixture.model, deployment, DEPLOYMENT_LIVE);
        fixture_settle();
        cr_assert(strstr(text_or_empty(fixture.signals), " Formation=[[worker,1]]"), "%s", fixture.signals);
}

Test(bus_signals, each_status_of_an_app_is_seen)
{
        App *app = start_with_an_app();

        app->status = APP_DEPLOYING;
        model_changed_app(fixture.model, app);
        app->status = APP_RUNNING;
        model_changed_app(fixture.model, app);
        fixture_expect_signals("changed /app/shop Status=deploying\nchanged /app/shop Status=running\n");
}

Test(bus_signals, the_end_comes_after_all_that_led_to_it)
{
        Deployment *deployment = start_with_a_deployment();

        cr_assert(instance_new(deployment, "web", 1, 20007));
        deployment->started_at = 5;
        model_set_deployment_status(fixture.model, deployment, DEPLOYMENT_SWITCHING);
        deployment->finished_at = 7;
        deployment->app->status = APP_RUNNING;
        model_set_deployment_status(fixture.model, deployment, DEPLOYMENT_LIVE);
        fixture_expect_signals(
                "changed /deployment/_342 Status=switching AssignedPort=20007 "
                "Units=[deployd-app-shop-42.web.1.service] StartedAt=5\n"
                "changed /deployment/_342 Status=live FinishedAt=7\n"
                "changed /app/shop Status=running CurrentPort=20007 CurrentDeployment=/deployment/_342\n"
                "changed  PortsAssigned=1 DeploymentsQueued=0\n"
                "finished 42 shop live\n");
}

Test(bus_signals, failed_and_cancelled_are_ends_and_superseded_is_none)
{
        App *app = start_with_an_app();
        Deployment *failed = fixture_deployment(app, 1), *cancelled = fixture_deployment(app, 2),
                   *live = fixture_deployment(app, 3);

        model_set_deployment_status(fixture.model, live, DEPLOYMENT_LIVE);
        fixture_settle();
        free(fixture.signals);
        fixture.signals = NULL;
        set(&failed->error_summary, "no Procfile");
        model_set_deployment_status(fixture.model, failed, DEPLOYMENT_FAILED);
        model_set_deployment_status(fixture.model, cancelled, DEPLOYMENT_CANCELLED);
        model_set_deployment_status(fixture.model, live, DEPLOYMENT_SUPERSEDED);
        fixture_expect_signals("changed /deployment/_31 Status=failed ErrorSummary=no Procfile\n"
                               "changed  DeploymentsQueued=1\n"
                               "finished 1 shop failed\n"
                               "changed /deployment/_32 Status=cancelled\n"
                               "changed  DeploymentsQueued=0\n"
                               "finished 2 shop cancelled\n"
                               "changed /deployment/_33 Status=superseded\n"
                               "changed /app/shop CurrentDeployment=/\n");
}

static int note_signal(sd_bus_message *message, void *userdata, sd_bus_error *reterr)
{
        (void) message;
        (void) reterr;
        *(bool *) userdata = true;
        return 0;
}

Test(bus_signals, an_answer_comes_after_the_signals_of_what_it_answers)
{
        bool has_come = false;

        (void) start_with_an_app();
        cr_assert(sd_bus_add_match(fixture.client, NULL, "type='signal',path='" BUS_PATH_APP "/shop'",
                                   note_signal, &has_come) >= 0);
        fixture_succeeds(fixture.client, BUS_PATH_APP "/shop", BUS_INTERFACE_APP, "SetProperties", "a{sv}",
                         1, "Branch", "s", "next");
        cr_assert(has_come);
        fixture_expect_signals("changed /app/shop Branch=next\n");
}

Test(bus_signals, facts_are_announced)
{
        fixture.facts.schema_version = 2;
        fixture.facts.database_state = "out-of-space";
        bus_facts_changed(fixture.bus);
        fixture.facts.port_high = 20009;
        bus_facts_changed(fixture.bus);
        fixture_expect_signals(
                "changed  SchemaVersion=2 PortRange=[20000,20009] DatabaseState=out-of-space\n");
}

Test(bus_signals, what_is_removed_while_changes_are_due_is_not_touched_again)
{
        Deployment *deployment = start_with_a_deployment();

        deployment->progress = 0.5;
        model_changed_deployment(fixture.model, deployment);
        model_remove_deployment(fixture.model, deployment);
        fixture_expect_signals("removed /deployment/_342\n"
                               "changed  DeploymentsQueued=0\n"
                               "changed /app/shop Deployments=[]\n");
}

Test(bus_signals, a_removed_app_is_told_when_nothing_of_it_runs)
{
        (void) start_with_an_app();
        bus_app_removed(fixture.bus, 7, "former");
        fixture_expect_signals("gone 7 former\n");
}

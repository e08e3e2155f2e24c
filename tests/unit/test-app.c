/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/app.h"

#include "test-model.h"

/* Questions about an app and its deployments: what is stopped, busy, staged, and what a deployment runs
 * with. */

static App *app;

static void start(void)
{
        make_model();
        app = add_app("shop", add_repository("one"));
}

TestSuite(app, .init = start, .fini = remove_model);

static Deployment *add_live(void)
{
        Deployment *live = add_deployment(app, 1, DEPLOYMENT_LIVE);

        cr_assert(instance_new(live, "web", 1, 20000));
        cr_assert(instance_new(live, "worker", 1, 0));
        return live;
}

Test(app, is_stopped_by_the_wish_or_when_all_instances_are_by_hand)
{
        Deployment *live;
        Instance *web, *worker;

        cr_expect_not(app_is_stopped(app));
        app->stopped = true;
        cr_expect(app_is_stopped(app), "also while nothing is live");
        live = add_live();
        cr_expect(app_is_stopped(app));
        app->stopped = false;
        cr_expect_not(app_is_stopped(app));

        web = live->instances;
        worker = web->instances_next;
        web->by_hand = true;
        cr_expect_not(app_is_stopped(app), "one of them runs");
        worker->leaving = true;
        cr_expect(app_is_stopped(app), "one that leaves does not count");
        worker->leaving = false;
        worker->by_hand = true;
        cr_expect(app_is_stopped(app));
        worker->by_hand = false;
        worker->given_up = true;
        cr_expect_not(app_is_stopped(app), "failed is not stopped");
}

Test(app, with_no_instance_it_is_not_stopped)
{
        add_deployment(app, 1, DEPLOYMENT_LIVE);
        cr_expect_not(app_is_stopped(app));
}

Test(app, is_busy_while_something_runs_or_waits)
{
        Deployment *live, *waits;
        Instance *web, *worker;

        cr_expect_not(app_is_busy(app));
        waits = add_deployment(app, 2, DEPLOYMENT_QUEUED);
        cr_expect(app_is_busy(app));
        model_set_deployment_status(model, waits, DEPLOYMENT_FETCHING);
        cr_expect(app_is_busy(app));
        model_set_deployment_status(model, waits, DEPLOYMENT_FAILED);
        cr_expect_not(app_is_busy(app));

        live = add_live();
        web = live->instances;
        worker = web->instances_next;
        cr_expect(app_is_busy(app));
        web->by_hand = true;
        cr_expect(app_is_busy(app), "the worker runs");
        worker->given_up = true;
        cr_expect_not(app_is_busy(app));
        worker->given_up = false;
        worker->leaving = true;
        cr_expect_not(app_is_busy(app));
        web->by_hand = false;
        cr_expect(app_is_busy(app));
        app->stopped = true;
        cr_expect_not(app_is_busy(app));
}

static EnvironmentVersion *add_version(uint64_t id, uint64_t of, const char *name, const char *value)
{
        EnvironmentVersion *version = environment_version_new(app, id, 0, of, NULL);

        cr_assert(version);
        cr_assert_eq(variables_set(&version->variables, "SAME", "1"), 0);
        cr_assert_eq(variables_set(&version->variables, name, value), 0);
        return version;
}

static void staged_is(const char *wanted)
{
        _cleanup_variables_ Variables names = {};
        char found[80] = "";

        cr_assert_eq(app_staged_variables(app, &names), 0);
        for (size_t i = 0; i < names.n; i++) {
                cr_expect_str_empty(names.items[i].value);
                strcat(strcat(found, names.items[i].name), " ");
        }
        cr_expect_str_eq(found, wanted);
}

Test(app, staged_are_the_names_that_differ_from_those_of_the_live_deployment)
{
        Deployment *live;
        EnvironmentVersion *old = add_version(1, 0, "A", "1"), *new = add_version(2, 0, "B", "1");

        app->environment = new;
        staged_is("");
        live = add_live();
        live->environment = old;
        cr_assert_eq(app_settings_copy(&live->settings, &app->settings), 0);
        staged_is("A B ");
        cr_assert_eq(variables_set(&new->variables, "A", "1"), 0);
        staged_is("B ");
        cr_assert_eq(variables_set(&new->variables, "A", "2"), 0);
        staged_is("A B ");
        app->environment = NULL;
        staged_is("A SAME ");
        app->environment = old;
        staged_is("");
}

Test(app, without_an_environment_it_has_no_variables)
{
        cr_expect_eq(app_variables(app)->n, 0);
        app->environment = add_version(1, 0, "A", "1");
        cr_expect_eq(app_variables(app)->n, 2);
}

static void runs_with(const Deployment *deployment, const char *branch, const char *variable)
{
        cr_expect_str_eq(deployment_settings(deployment)->branch, branch);
        cr_expect_str_eq(text_or_empty(variables_get(deployment_variables(deployment), "A")), variable);
}

Test(app, a_deployment_has_what_the_app_has_until_it_begins_and_keeps_it_then)
{
        Deployment *waits = add_deployment(app, 1, DEPLOYMENT_QUEUED);

        app->environment = add_version(1, 0, "A", "one");
        cr_assert_eq(text_replace(&app->settings.branch, "one"), 0);
        runs_with(waits, "one", "one");
        app->environment = add_version(2, 0, "A", "two");
        cr_assert_eq(text_replace(&app->settings.branch, "two"), 0);
        runs_with(waits, "two", "two");
        cr_assert_eq(deployment_begin(waits), 0);
        app->environment = add_version(3, 0, "A", "three");
        cr_assert_eq(text_replace(&app->settings.branch, "three"), 0);
        runs_with(waits, "two", "two");
        cr_expect_eq(waits->environment->id, 2);
        cr_assert_eq(deployment_adopt(waits), 0);
        runs_with(waits, "three", "three");
        cr_expect_eq(waits->environment->id, 3);
}

Test(app, a_deployment_begins_with_the_version_that_it_brings)
{
        Deployment *waits = add_deployment(app, 10, DEPLOYMENT_QUEUED);

        add_version(1, 10, "A", "brought");
        app->environment = add_version(2, 0, "A", "set since");
        runs_with(waits, "", "brought");
        cr_assert_eq(deployment_begin(waits), 0);
        runs_with(waits, "", "brought");
        cr_expect_eq(waits->environment->id, 1);
        /* What it has taken over counts from then on. */
        cr_assert_eq(deployment_adopt(waits), 0);
        runs_with(waits, "", "set since");
}

Test(app, a_deployment_that_began_without_variables_has_none)
{
        Deployment *waits = add_deployment(app, 1, DEPLOYMENT_QUEUED);

        cr_assert_eq(deployment_begin(waits), 0);
        app->environment = add_version(1, 0, "A", "later");
        runs_with(waits, "", "");
        cr_expect_null(waits->environment);
}

Test(app, kinds_have_the_words_of_the_database)
{
        static const char *const words[] = { "deploy", "rebuild", "rollback", "redeploy" };

        for (DeploymentKind kind = DEPLOYMENT_KIND_UNSET + 1; kind < DEPLOYMENT_KIND_MAX; kind++) {
                cr_expect_str_eq(deployment_kind_to_string(kind), words[kind - 1]);
                cr_expect_eq(deployment_kind_from_string(words[kind - 1]), kind);
        }
        cr_expect_eq(add_deployment(app, 1, DEPLOYMENT_QUEUED)->kind, DEPLOYMENT_DEPLOY);
}

Test(app, its_data_is_in_a_directory_named_by_its_id)
{
        _cleanup_free_ char *path = app_data_path(4294967297);

        cr_expect_str_eq(path, "/var/lib/private/deployd-apps/4294967297");
}

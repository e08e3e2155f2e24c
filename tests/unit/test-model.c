/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-model.h"

TestSuite(model, .init = make_model, .fini = remove_model);

/* Ids of the app's deployments in the order of the list, which must be the same backwards. */
static const char *ids_of(const App *app)
{
        static char text[200];
        Deployment *deployment, *last = NULL;
        size_t length = 0, n = 0;

        text[0] = '\0';
        LIST_FOREACH (app_deployments, deployment, app->deployments) {
                length += (size_t) snprintf(text + length, sizeof(text) - length, "%" PRIu64 " ",
                                            deployment->id);
                last = deployment;
                n++;
        }
        for (; last; last = last->app_deployments_prev)
                n--;
        cr_expect_eq(n, (size_t) 0);
        return text;
}

Test(model, what_was_added_is_found_by_its_name_or_id_until_it_is_removed)
{
        Repository *one = add_repository("one"), *two = add_repository("two");
        App *shop = add_app("shop", one), *blog = add_app("blog", one);
        Deployment *old = add_deployment(shop, 7, DEPLOYMENT_LIVE),
                   *new = add_deployment(shop, 9, DEPLOYMENT_QUEUED);

        cr_expect_eq(model_repository(model, "one"), one);
        cr_expect_eq(model_repository(model, "two"), two);
        cr_expect_eq(model_app(model, "shop"), shop);
        cr_expect_eq(model_app(model, "blog"), blog);
        cr_expect_eq(model_deployment(model, 7), old);
        cr_expect_eq(model_deployment(model, 9), new);
        cr_expect_null(model_repository(model, "shop"));
        cr_expect_null(model_repository(model, ""));
        cr_expect_null(model_app(model, "sho"));
        cr_expect_null(model_app(model, "shopp"));
        cr_expect_null(model_app(model, "one"));
        cr_expect_null(model_deployment(model, 8));
        cr_expect_null(model_deployment(model, 0));

        model_remove_deployment(model, old);
        cr_expect_null(model_deployment(model, 7));
        cr_expect_eq(model_deployment(model, 9), new);
        model_remove_repository(model, two);
        cr_expect_null(model_repository(model, "two"));
        model_remove_app(model, shop);
        cr_expect_null(model_app(model, "shop"));
        cr_expect_null(model_deployment(model, 9), "it goes with its app");
        cr_expect_eq(one->apps, blog);
        cr_expect_null(blog->repository_apps_next);
        model_remove_app(model, blog);
        cr_expect_null(one->apps);
        model_remove_repository(model, one);
        cr_expect(!model->repositories && !model->apps && !model->deployments);
}

Test(model, an_id_above_32_bits_is_an_id_of_its_own)
{
        App *app = add_app("shop", add_repository("one"));
        Deployment *low = add_deployment(app, 1, DEPLOYMENT_FAILED),
                   *high = add_deployment(app, 4294967297, DEPLOYMENT_FAILED);

        cr_expect_eq(model_deployment(model, 1), low);
        cr_expect_eq(model_deployment(model, 4294967297), high);
        cr_expect_str_eq(ids_of(app), "4294967297 1 ");
}

Test(model, a_removed_name_can_be_added_again)
{
        Repository *repository = add_repository("one");

        for (unsigned i = 0; i < 3; i++) {
                App *app = add_app("shop", repository);

                add_deployment(app, i + 1, DEPLOYMENT_QUEUED);
                model_remove_app(model, app);
                cr_expect_eq(model->n_queued, 0);
        }
}

Test(model, deployments_of_an_app_are_newest_first_whatever_the_order_they_come_in)
{
        static const uint64_t ids[] = { 5, 1, 9, 7, 2, 8, 3 };
        App *app = add_app("shop", add_repository("one"));

        for (size_t i = 0; i < ELEMENTSOF(ids); i++)
                add_deployment(app, ids[i], DEPLOYMENT_FAILED);
        cr_expect_str_eq(ids_of(app), "9 8 7 5 3 2 1 ");
        model_remove_deployment(model, model_deployment(model, 9));
        model_remove_deployment(model, model_deployment(model, 5));
        model_remove_deployment(model, model_deployment(model, 1));
        cr_expect_str_eq(ids_of(app), "8 7 3 2 ");
}

Test(model, the_one_that_runs_and_the_one_that_waits_longest_are_found)
{
        Repository *repository = add_repository("one");
        App *app = add_app("shop", repository), *other = add_app("blog", repository);

        cr_expect_null(app_running_deployment(app));
        cr_expect_null(app_next_queued(app));
        add_deployment(app, 3, DEPLOYMENT_LIVE);
        add_deployment(app, 6, DEPLOYMENT_QUEUED);
        add_deployment(app, 4, DEPLOYMENT_CHECKING);
        add_deployment(app, 5, DEPLOYMENT_QUEUED);
        add_deployment(other, 1, DEPLOYMENT_QUEUED);
        cr_expect_eq(app_running_deployment(app), model_deployment(model, 4));
        cr_expect_eq(app_next_queued(app), model_deployment(model, 5));
        cr_expect_null(app_running_deployment(other));
}

Test(model, counts_follow_every_status)
{
        static const struct {
                DeploymentStatus status;
                unsigned n_queued, n_running;
                bool is_live;
        } cases[] = {
                { DEPLOYMENT_QUEUED, 1, 0, false },     { DEPLOYMENT_FETCHING, 0, 1, false },
                { DEPLOYMENT_BUILDING, 0, 1, false },   { DEPLOYMENT_RELEASING, 0, 1, false },
                { DEPLOYMENT_STARTING, 0, 1, false },   { DEPLOYMENT_CHECKING, 0, 1, false },
                { DEPLOYMENT_SWITCHING, 0, 1, false },  { DEPLOYMENT_LIVE, 0, 0, true },
                { DEPLOYMENT_SUPERSEDED, 0, 0, false }, { DEPLOYMENT_FAILED, 0, 0, false },
                { DEPLOYMENT_CANCELLED, 0, 0, false },
        };
        App *app = add_app("shop", add_repository("one"));
        Deployment *deployment;

        /* Added and removed in each status. */
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                deployment = add_deployment(app, i + 1, cases[i].status);
                cr_expect_eq(model->n_queued, cases[i].n_queued, "%zu", i);
                cr_expect_eq(model->n_running, cases[i].n_running, "%zu", i);
                cr_expect_eq(app->live == deployment, cases[i].is_live, "%zu", i);
                model_remove_deployment(model, deployment);
                cr_expect_eq(model->n_queued + model->n_running, 0, "%zu", i);
                cr_expect_null(app->live, "%zu", i);
        }
        /* Moved from each status into each. */
        deployment = add_deployment(app, 99, DEPLOYMENT_QUEUED);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                for (size_t j = 0; j < ELEMENTSOF(cases); j++) {
                        model_set_deployment_status(model, deployment, cases[i].status);
                        model_set_deployment_status(model, deployment, cases[j].status);
                        cr_expect_eq(model->n_queued, cases[j].n_queued, "%zu to %zu", i, j);
                        cr_expect_eq(model->n_running, cases[j].n_running, "%zu to %zu", i, j);
                        cr_expect_eq(app->live == deployment, cases[j].is_live, "%zu to %zu", i, j);
                }
}

Test(model, ports_are_counted_with_the_instances_that_have_one)
{
        App *app = add_app("shop", add_repository("one"));
        Deployment *deployment = add_deployment(app, 1, DEPLOYMENT_STARTING), *other;
        Instance *web = instance_new(deployment, "web", 1, 20000);

        cr_assert(web);
        cr_assert(instance_new(deployment, "worker", 1, 0));
        cr_assert(instance_new(deployment, "web", 2, 20001));
        cr_expect_eq(model->n_ports_assigned, 2);
        instance_free(web);
        cr_expect_eq(model->n_ports_assigned, 1);

        /* Those that were there before the deployment was added count too. */
        other = deployment_new(app, 2);
        cr_assert(other && instance_new(other, "web", 1, 20002));
        cr_expect_eq(model->n_ports_assigned, 1);
        cr_assert_eq(model_add_deployment(model, other), 0);
        cr_expect_eq(model->n_ports_assigned, 2);
        model_remove_deployment(model, other);
        cr_expect_eq(model->n_ports_assigned, 1);
        model_remove_app(model, app);
        cr_expect_eq(model->n_ports_assigned, 0);
}

Test(model, instances_are_web_first_then_by_process_and_number)
{
        Deployment *deployment =
                add_deployment(add_app("my-shop", add_repository("one")), 4, DEPLOYMENT_STARTING);
        static const char *const expected[] = { "web.1", "web.2", "web.10", "clock.1", "worker.1", "zoo.3" };
        Instance *instance;
        size_t i = 0;

        cr_expect_eq(deployment->assigned_port, 0);
        cr_assert(instance_new(deployment, "worker", 1, 0));
        cr_expect_eq(deployment->assigned_port, 0);
        cr_assert(instance_new(deployment, "web", 10, 20010));
        cr_assert(instance_new(deployment, "zoo", 3, 0));
        cr_assert(instance_new(deployment, "web", 2, 20002));
        cr_assert(instance_new(deployment, "clock", 1, 0));
        cr_assert(instance_new(deployment, "web", 1, 20001));
        LIST_FOREACH (instances, instance, deployment->instances) {
                _cleanup_free_ char *dyno = instance_dyno(instance);

                cr_assert_lt(i, ELEMENTSOF(expected));
                cr_expect_str_eq(dyno, expected[i++]);
        }
        cr_expect_eq(i, ELEMENTSOF(expected));
        cr_expect_eq(deployment->assigned_port, 20001);
        cr_expect_str_eq(deployment->instances->unit, "deployd-app-my_shop-4.web.1.service");
        instance_free(deployment->instances);
        cr_expect_eq(deployment->assigned_port, 20001, "kept when it is free again");
}

Test(model, live_is_the_new_one_in_whichever_order_the_two_change)
{
        App *app = add_app("shop", add_repository("one"));
        Deployment *old = add_deployment(app, 1, DEPLOYMENT_LIVE),
                   *new = add_deployment(app, 2, DEPLOYMENT_CHECKING), *newer;

        cr_expect_eq(app->live, old);
        model_set_deployment_status(model, old, DEPLOYMENT_SUPERSEDED);
        cr_expect_null(app->live);
        model_set_deployment_status(model, new, DEPLOYMENT_LIVE);
        cr_expect_eq(app->live, new);

        newer = add_deployment(app, 3, DEPLOYMENT_CHECKING);
        model_set_deployment_status(model, newer, DEPLOYMENT_LIVE);
        model_set_deployment_status(model, new, DEPLOYMENT_SUPERSEDED);
        cr_expect_eq(app->live, newer);
        model_remove_deployment(model, new);
        cr_expect_eq(app->live, newer);
        model_remove_deployment(model, newer);
        cr_expect_null(app->live);
}

Test(model, settings_of_a_new_app_say_nothing)
{
        _cleanup_(app_settings_clear) AppSettings settings = {};

        cr_assert_eq(app_settings_init(&settings), 0);
        cr_expect_str_eq(settings.access_mode, "private");
        cr_expect_str_eq(settings.branch, "");
        cr_expect_str_eq(settings.directory, "");
        cr_expect_str_eq(settings.buildpack, "");
        cr_expect_str_eq(settings.build_command, "");
        cr_expect_str_eq(settings.readiness, "port");
        cr_expect_str_eq(settings.health_check_path, "");
        cr_expect_str_eq(settings.writable_tree, "no");
        cr_expect_str_eq(settings.persist, "");
        cr_expect_eq(settings.formation.n, 0);
        cr_expect(settings.health_check_timeout_usec == 0 && settings.check_settle_usec == 0 &&
                  settings.stop_timeout_usec == 0 && settings.memory_max == 0 && settings.tasks_max == 0 &&
                  settings.cpu_quota_usec == 0 && settings.keep_releases == 0);
}

Test(model, settings_are_copied_whole)
{
        AppSettings settings = {
                .access_mode = (char[]){ "public" },
                .branch = (char[]){ "main" },
                .directory = (char[]){ "web/site" },
                .buildpack = (char[]){ "node" },
                .build_command = (char[]){ "make" },
                .readiness = (char[]){ "notify" },
                .health_check_path = (char[]){ "/up" },
                .writable_tree = (char[]){ "yes" },
                .persist = (char[]){ "data" },
                .health_check_timeout_usec = 1,
                .stop_timeout_usec = 2,
                .memory_max = 3,
                .tasks_max = 4,
                .cpu_quota_usec = 5,
                .keep_releases = 6,
                .check_settle_usec = 7,
        };
        AppSettings copy = {};

        cr_assert_eq(formation_set(&settings.formation, "worker", 2), 0);
        cr_assert_eq(app_settings_init(&copy), 0);
        cr_assert_eq(formation_set(&copy.formation, "web", 1), 0);
        cr_assert_eq(app_settings_copy(&copy, &settings), 0);
        cr_expect_str_eq(copy.access_mode, "public");
        cr_expect_str_eq(copy.branch, "main");
        cr_expect_str_eq(copy.directory, "web/site");
        cr_expect_str_eq(copy.buildpack, "node");
        cr_expect_str_eq(copy.build_command, "make");
        cr_expect_str_eq(copy.readiness, "notify");
        cr_expect_str_eq(copy.health_check_path, "/up");
        cr_expect_str_eq(copy.writable_tree, "yes");
        cr_expect_str_eq(copy.persist, "data");
        cr_expect(copy.health_check_timeout_usec == 1 && copy.stop_timeout_usec == 2 &&
                  copy.memory_max == 3 && copy.tasks_max == 4 && copy.cpu_quota_usec == 5 &&
                  copy.keep_releases == 6 && copy.check_settle_usec == 7);
        cr_assert_eq(copy.formation.n, 1);
        cr_expect_str_eq(copy.formation.items[0].process, "worker");
        cr_expect_eq(copy.formation.items[0].count, 2);

        /* What it has is its own: the source may go. */
        formation_clear(&settings.formation);
        settings.branch[0] = 'x';
        cr_expect_str_eq(copy.branch, "main");
        cr_expect_str_eq(copy.formation.items[0].process, "worker");
        app_settings_clear(&copy);
        cr_expect(!copy.branch && !copy.readiness && copy.formation.n == 0 && copy.memory_max == 0);
}

Test(model, an_image_tag_has_the_first_digits_of_the_commit_and_the_id)
{
        App *app = add_app("my-shop", add_repository("one"));
        Deployment *deployment = add_deployment(app, 1234567890123, DEPLOYMENT_FETCHING);
        _cleanup_free_ char *tag = NULL;

        cr_assert_eq(text_replace(&deployment->revision, "0123456789abcdef0123456789abcdef01234567"), 0);
        tag = deployment_make_image_tag(deployment);
        cr_expect_str_eq(tag, "my-shop:0123456789ab-1234567890123");
}

#define MANY 10000

Test(model, ten_thousand_of_each_are_kept_found_and_forgotten)
{
        Repository *repository;

        for (unsigned i = 0; i < MANY; i++) {
                /* 7919 is prime: all numbers below MANY in a scattered order. */
                unsigned number = i * 7919 % MANY;
                _cleanup_free_ char *name = text_format("n%u", number);

                repository = add_repository(name);
                add_deployment(add_app(name, repository), number + 1, DEPLOYMENT_QUEUED);
        }
        cr_expect_eq(model->n_queued, MANY);
        for (unsigned i = 0; i < MANY; i++) {
                _cleanup_free_ char *name = text_format("n%u", i);
                Deployment *deployment = model_deployment(model, i + 1);

                cr_assert(deployment);
                cr_expect_str_eq(deployment->app->name, name);
                cr_expect_eq(model_app(model, name), deployment->app);
                cr_expect_eq(model_repository(model, name), deployment->app->repository);
                if (i % 2 == 0)
                        continue;
                repository = deployment->app->repository;
                model_remove_app(model, deployment->app);
                model_remove_repository(model, repository);
        }
        cr_expect_eq(model->n_queued, MANY / 2);
        cr_expect_null(model_app(model, "n1"));
        cr_expect(model_app(model, "n0"));
}

Test(model, an_app_may_have_ten_thousand_deployments)
{
        App *app = add_app("shop", add_repository("one"));
        Deployment *deployment;
        uint64_t last = MANY + 1;

        for (uint64_t id = 1; id <= MANY; id++)
                add_deployment(app, id, DEPLOYMENT_CANCELLED);
        LIST_FOREACH (app_deployments, deployment, app->deployments) {
                cr_expect_eq(deployment->id, last - 1);
                last = deployment->id;
        }
        cr_expect_eq(last, 1);
}

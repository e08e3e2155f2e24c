/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-model.h"

#include "daemon/pipeline/files/formation-plan.h"

static Deployment *deployment;
static Release *release;

static void start(void)
{
        make_model();
        deployment = add_deployment(add_app("my-shop", add_repository("one")), 42, DEPLOYMENT_FETCHING);
        release = release_new();
        cr_assert(release);
        cr_assert_eq(text_replace(&deployment->revision, "0123456789abcdef0123456789abcdef01234567"), 0);
}

static void end(void)
{
        release_free(release);
        remove_model();
}

TestSuite(instances, .init = start, .fini = end);

static void has(const char *process)
{
        cr_assert_eq(formation_set(&release->processes, process, 1), 0);
}

static void wants(Formation *formation, const char *process, uint32_t count)
{
        cr_assert_eq(formation_set(formation, process, count), 0);
}

Test(instances, are_those_of_the_formation_web_first_and_web_has_ports)
{
        static const StoreInstance expected[] = {
                { "web", 1, "deployd-app-my_shop-42.web.1.service", true },
                { "web", 2, "deployd-app-my_shop-42.web.2.service", true },
                { "clock", 1, "deployd-app-my_shop-42.clock.1.service", false },
                { "web-2", 1, "deployd-app-my_shop-42.web_2.1.service", false },
        };
        _cleanup_free_ char *sentence = NULL;
        _cleanup_plan_ Plan plan = {};

        has("web");
        has("web-2");
        has("clock");
        wants(&deployment->app->settings.formation, "web-2", 1);
        wants(&deployment->app->settings.formation, "web", 2);
        wants(&deployment->app->settings.formation, "clock", 1);
        wants(&deployment->app->settings.formation, "gone", 0);
        cr_assert_eq(formation_plan_make(deployment, release, &plan, &sentence), 0);
        cr_assert_eq(plan.n, ELEMENTSOF(expected));
        for (size_t i = 0; i < plan.n; i++) {
                cr_expect_str_eq(plan.items[i].process, expected[i].process);
                cr_expect_eq(plan.items[i].number, expected[i].number);
                cr_expect_str_eq(plan.items[i].unit, expected[i].unit);
                cr_expect_eq(plan.items[i].port, expected[i].port, "%zu", i);
        }
        cr_expect_null(sentence);
}

Test(instances, of_what_says_nothing_are_one_web)
{
        _cleanup_free_ char *sentence = NULL;
        _cleanup_plan_ Plan plan = {};

        has("web");
        has("worker");
        cr_assert_eq(formation_plan_make(deployment, release, &plan, &sentence), 0);
        cr_assert_eq(plan.n, 1);
        cr_expect_str_eq(plan.items[0].unit, "deployd-app-my_shop-42.web.1.service");
}

/* formation_plan_make() refuses, and its sentence has that in it. */
static void refused(const char *part)
{
        _cleanup_free_ char *sentence = NULL;
        _cleanup_plan_ Plan plan = {};

        cr_assert_eq(formation_plan_make(deployment, release, &plan, &sentence), -EINVAL);
        cr_expect(sentence && strstr(sentence, part), "%s", sentence);
        cr_expect_eq(plan.n, 0);
}

Test(instances, of_a_process_that_the_release_does_not_have_are_refused_in_a_sentence)
{
        refused("there is no Procfile in the root of commit 0123456789ab, and no buildpack says what is to run");
        cr_assert_eq(text_replace(&deployment->app->settings.directory, "web/site"), 0);
        refused("there is no Procfile in directory web/site of commit 0123456789ab, ");
        has("release");
        refused("the Procfile of commit 0123456789ab has nothing but a release command: add a line `web: COMMAND`");
        has("worker");
        refused("the Procfile has no process named web (but worker): name what is to run, as in "
                "`deployctl scale my-shop web=0 worker=1`");
        has("clock");
        refused("the Procfile has no process named web (but clock, worker): name what is to run, as in "
                "`deployctl scale my-shop web=0 clock=1`");
        wants(&release->formation, "web", 3);
        refused("the formation has web=3, but neither the Procfile nor the buildpack has a process named web "
                "(they have clock, worker)");
        wants(&deployment->app->settings.formation, "urgent", 1);
        refused("the formation has urgent=1, ");
}

Test(instances, of_a_formation_of_nothing_but_zeros_are_refused)
{
        has("web");
        wants(&release->formation, "web", 0);
        refused("the formation has no process above 0");
}

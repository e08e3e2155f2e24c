/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-model.h"

#include "daemon/model/release.h"

TestSuite(release, .init = make_model, .fini = remove_model);

Test(release, a_new_one_says_nothing)
{
        _cleanup_(release_freep) Release *release = release_new();
        _cleanup_free_ char *list = NULL;

        cr_assert(release);
        cr_expect_str_eq(release->build_key, "");
        cr_expect_str_eq(release->buildpack, "");
        cr_expect_str_eq(release->health.path, "");
        cr_expect(release->health.attempts == 0 && release->health.timeout_usec == 0 &&
                  release->health.wait_usec == 0);
        cr_expect_not(release_has_process(release, "web"));
        list = release_list_processes(release);
        cr_expect_str_eq(list, "none");
        cr_expect_null(release_free(NULL));
}

Test(release, its_processes_are_listed_by_name)
{
        static const char *const processes[] = { "release", "worker", "clock", "web" };
        static const char *const expected[] = { "none", "worker", "clock, worker", "clock, web, worker" };
        _cleanup_(release_freep) Release *release = release_new();

        cr_assert(release);
        for (size_t i = 0; i < ELEMENTSOF(processes); i++) {
                _cleanup_free_ char *list = NULL;

                cr_expect_not(release_has_process(release, processes[i]));
                cr_assert_eq(formation_set(&release->processes, processes[i], 1), 0);
                cr_expect(release_has_process(release, processes[i]));
                list = release_list_processes(release);
                cr_expect_str_eq(list, expected[i]);
        }
        cr_expect_not(release_has_process(release, "wor"));
}

static void give_release(Deployment *deployment)
{
        deployment->release = release_new();
        cr_assert(deployment->release);
        deployment->release_id = deployment->id;
}

Test(release, a_deployment_runs_its_own_or_that_of_another_while_it_is_kept)
{
        App *app = add_app("shop", add_repository("one"));
        Deployment *builder = add_deployment(app, 1, DEPLOYMENT_SUPERSEDED),
                   *other = add_deployment(app, 2, DEPLOYMENT_LIVE), *loose = deployment_new(app, 3);

        cr_assert(loose);
        cr_expect_null(deployment_release(builder), "none yet");
        give_release(builder);
        cr_expect_eq(deployment_release(builder), builder->release);
        cr_expect_null(deployment_release(other), "none yet");
        other->release_id = 1;
        cr_expect_eq(deployment_release(other), builder->release);
        loose->release_id = 1;
        cr_expect_null(deployment_release(loose), "it is not of the model");
        deployment_free(loose);

        builder->release = release_free(builder->release);
        cr_expect_null(deployment_release(other), "not kept any more");
        model_remove_deployment(model, builder);
        cr_expect_null(deployment_release(other), "nor is who built it");
}

/* `web=1` and so on, of what is in force. */
static const char *in_force(const App *app, const Release *of)
{
        static char text[100];
        _cleanup_formation_ Formation formation = {};
        size_t length = 0;

        cr_assert_eq(app_formation(app, of, &formation), 0);
        text[0] = '\0';
        for (size_t i = 0; i < formation.n; i++)
                length +=
                        (size_t) snprintf(text + length, sizeof(text) - length, "%s%s=%u", i > 0 ? " " : "",
                                          formation.items[i].process, formation.items[i].count);
        return text;
}

Test(release, the_formation_is_the_wish_of_the_app_or_of_its_tree_or_one_web)
{
        App *app = add_app("shop", add_repository("one"));
        Deployment *live = add_deployment(app, 1, DEPLOYMENT_LIVE);
        _cleanup_(release_freep) Release *next = release_new();

        cr_assert(next);
        cr_expect_str_eq(in_force(app, NULL), "web=1", "nothing is known of its release");
        give_release(live);
        cr_expect_str_eq(in_force(app, NULL), "web=1", "its tree says nothing");
        cr_assert_eq(formation_set(&live->release->formation, "web", 2), 0);
        cr_assert_eq(formation_set(&live->release->formation, "clock", 1), 0);
        cr_expect_str_eq(in_force(app, NULL), "clock=1 web=2");
        cr_expect_str_eq(in_force(app, next), "web=1", "what comes next says nothing, whatever is live");
        cr_assert_eq(formation_set(&next->formation, "worker", 3), 0);
        cr_expect_str_eq(in_force(app, next), "worker=3");

        cr_assert_eq(formation_set(&app->settings.formation, "web", 0), 0);
        cr_assert_eq(formation_set(&app->settings.formation, "worker", 1), 0);
        cr_expect_str_eq(in_force(app, NULL), "web=0 worker=1", "whole: the tree's clock is not named");
        cr_expect_str_eq(in_force(app, next), "web=0 worker=1");
        formation_clear(&app->settings.formation);
        model_set_deployment_status(model, live, DEPLOYMENT_SUPERSEDED);
        cr_expect_str_eq(in_force(app, NULL), "web=1", "nothing is live");
}

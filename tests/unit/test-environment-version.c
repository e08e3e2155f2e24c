/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/environment-version.h"

#include "test-model.h"

static App *app;

static void start(void)
{
        make_model();
        app = add_app("shop", add_repository("one"));
}

TestSuite(environment_version, .init = start, .fini = remove_model);

static EnvironmentVersion *add_version(uint64_t id, uint64_t base, uint64_t of)
{
        EnvironmentVersion *version = environment_version_new(app, id, base, of, NULL);

        cr_assert(version);
        return version;
}

/* A deployment with a version of its own. */
static Deployment *add_with(uint64_t id, DeploymentStatus status, EnvironmentVersion *version)
{
        Deployment *deployment = add_deployment(app, id, status);

        deployment->environment = version;
        return deployment;
}

Test(environment_version, has_a_copy_of_the_variables_and_is_found_by_its_id)
{
        _cleanup_variables_ Variables variables = {};
        EnvironmentVersion *version;

        cr_assert_eq(variables_set(&variables, "A", "1"), 0);
        version = environment_version_new(app, 7, 3, 9, &variables);
        cr_assert(version);
        cr_assert_eq(variables_set(&variables, "A", "2"), 0);
        cr_expect_str_eq(variables_get(&version->variables, "A"), "1");
        cr_expect_eq(version->base, 3);
        cr_expect_eq(version->deployment, 9);
        cr_expect_eq(environment_version_find(app, 7), version);
        cr_expect_null(environment_version_find(app, 3));
        cr_expect_null(environment_version_find(add_app("blog", app->repository), 7), "another app's");
}

Test(environment_version, is_that_of_the_deployment_that_brings_it)
{
        EnvironmentVersion *version = add_version(1, 0, 9);

        add_version(2, 1, 0);
        cr_expect_eq(environment_version_of(app, 9), version);
        cr_expect_null(environment_version_of(app, 8));
        cr_expect_null(environment_version_of(app, 0), "nobody brings the second");
}

Test(environment_version, freed_nothing_refers_to_it_any_more)
{
        EnvironmentVersion *first = add_version(1, 0, 0), *second = add_version(2, 1, 0),
                           *third = add_version(3, 2, 0);
        Deployment *old = add_with(10, DEPLOYMENT_SUPERSEDED, first),
                   *other = add_with(11, DEPLOYMENT_SUPERSEDED, second);

        environment_version_free(app, first);
        cr_expect_null(environment_version_find(app, 1));
        cr_expect_null(old->environment);
        cr_expect_eq(other->environment, second);
        cr_expect_eq(second->base, 0);
        cr_expect_eq(third->base, 2);
}

Test(environment_version, without_use_is_the_one_that_nothing_has)
{
        EnvironmentVersion *unused = add_version(1, 0, 0), *wished = add_version(2, 1, 0),
                           *live = add_version(3, 0, 0), *runs = add_version(4, 0, 0),
                           *drains = add_version(5, 0, 0);
        Deployment *draining;

        app->environment = wished;
        add_with(10, DEPLOYMENT_LIVE, live);
        add_with(11, DEPLOYMENT_CHECKING, runs);
        draining = add_with(12, DEPLOYMENT_SUPERSEDED, drains);
        cr_assert(instance_new(draining, "web", 1, 20000));
        cr_expect_eq(environment_version_unused(app), unused, "a base alone is no use");
        environment_version_free(app, unused);
        cr_expect_null(environment_version_unused(app));

        instance_free(draining->instances);
        cr_expect_eq(environment_version_unused(app), drains);
        environment_version_free(app, drains);
        cr_expect_null(environment_version_unused(app));
        app->environment = live;
        cr_expect_eq(environment_version_unused(app), wished);
}

Test(environment_version, that_a_waiting_deployment_brings_is_in_use_and_so_is_its_base)
{
        EnvironmentVersion *base = add_version(1, 0, 0), *brought = add_version(2, 1, 10),
                           *set = add_version(3, 2, 0);
        Deployment *waits = add_deployment(app, 10, DEPLOYMENT_QUEUED);

        app->environment = set;
        cr_expect_null(environment_version_unused(app));
        model_set_deployment_status(model, waits, DEPLOYMENT_STARTING);
        cr_expect_null(environment_version_unused(app));
        waits->environment = brought;
        model_set_deployment_status(model, waits, DEPLOYMENT_LIVE);
        cr_expect_eq(environment_version_unused(app), base);
        environment_version_free(app, base);
        cr_expect_null(environment_version_unused(app), "it is live with it");
        model_set_deployment_status(model, waits, DEPLOYMENT_SUPERSEDED);
        cr_expect_eq(environment_version_unused(app), brought);
}

Test(environment_version, goes_back_to_its_base_while_another_deployment_is_live)
{
        EnvironmentVersion *base = add_version(1, 0, 0), *brought = add_version(2, 1, 10), *to = brought;
        Deployment *brings = add_deployment(app, 10, DEPLOYMENT_STARTING),
                   *plain = add_deployment(app, 11, DEPLOYMENT_QUEUED), *live;
        const EnvironmentVersion *from = NULL;

        cr_expect_not(environment_version_may_go_back(brings, &from, &to), "nothing is live");
        live = add_with(9, DEPLOYMENT_LIVE, base);
        cr_expect(environment_version_may_go_back(brings, &from, &to));
        cr_expect_eq(from, brought);
        cr_expect_eq(to, base);
        cr_expect_not(environment_version_may_go_back(plain, &from, &to), "it brings none");
        cr_expect_not(environment_version_may_go_back(live, &from, &to));

        brought->base = 0;
        cr_expect(environment_version_may_go_back(brings, &from, &to));
        cr_expect_null(to, "no variables");

        model_set_deployment_status(model, live, DEPLOYMENT_SUPERSEDED);
        model_set_deployment_status(model, brings, DEPLOYMENT_LIVE);
        cr_expect_not(environment_version_may_go_back(brings, &from, &to), "it is the live one");
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "store-fixture.h"

TestSuite(store_load, .init = store_fixture_start, .fini = store_fixture_end, .timeout = 300);

#define DAY_USEC (24 * 60 * 60 * USEC_PER_SEC)

/* A second model, of what the database says. */
static Model *load(uint64_t published_usec)
{
        Model *loaded = model_new();

        done_by(store_load, loaded, published_usec, AS);
        return loaded;
}

static void expect_same_settings(const AppSettings *expected, const AppSettings *got)
{
        cr_expect(text_is(got->access_mode, expected->access_mode));
        cr_expect(text_is(got->branch, expected->branch));
        cr_expect(text_is(got->directory, expected->directory));
        cr_expect(text_is(got->buildpack, expected->buildpack));
        cr_expect(text_is(got->build_command, expected->build_command), "%s", got->build_command);
        cr_expect(text_is(got->readiness, expected->readiness));
        cr_expect(text_is(got->health_check_path, expected->health_check_path));
        cr_expect(text_is(got->writable_tree, expected->writable_tree));
        cr_expect(text_is(got->persist, expected->persist));
        cr_expect(formation_is(&got->formation, &expected->formation));
        cr_expect(eq(u64, got->health_check_timeout_usec, expected->health_check_timeout_usec));
        cr_expect(eq(u64, got->check_settle_usec, expected->check_settle_usec));
        cr_expect(eq(u64, got->stop_timeout_usec, expected->stop_timeout_usec));
        cr_expect(eq(u64, got->memory_max, expected->memory_max));
        cr_expect(eq(u64, got->tasks_max, expected->tasks_max));
        cr_expect(eq(u64, got->cpu_quota_usec, expected->cpu_quota_usec));
        cr_expect(eq(u32, got->keep_releases, expected->keep_releases));
}

static void expect_same_release(const Release *expected, const Release *got)
{
        cr_assert(eq(int, got != NULL, expected != NULL));
        if (!expected)
                return;
        cr_expect(formation_is(&got->processes, &expected->processes));
        cr_expect(formation_is(&got->formation, &expected->formation));
        cr_expect(text_is(got->build_key, expected->build_key));
        cr_expect(text_is(got->buildpack, expected->buildpack));
        cr_expect(text_is(got->health.path, expected->health.path));
        cr_expect(eq(u64, got->health.attempts, expected->health.attempts));
        cr_expect(eq(u64, got->health.timeout_usec, expected->health.timeout_usec));
        cr_expect(eq(u64, got->health.wait_usec, expected->health.wait_usec));
}

/* Those of a deployment: the others are the app's. */
static void expect_same_copies(const AppSettings *expected, const AppSettings *got)
{
        cr_expect(text_is(text_or_empty(got->branch), text_or_empty(expected->branch)));
        cr_expect(text_is(text_or_empty(got->directory), text_or_empty(expected->directory)));
        cr_expect(text_is(text_or_empty(got->buildpack), text_or_empty(expected->buildpack)));
        cr_expect(text_is(text_or_empty(got->build_command), text_or_empty(expected->build_command)));
        cr_expect(text_is(text_or_empty(got->readiness), text_or_empty(expected->readiness)));
        cr_expect(text_is(text_or_empty(got->writable_tree), text_or_empty(expected->writable_tree)));
        cr_expect(text_is(text_or_empty(got->persist), text_or_empty(expected->persist)));
        cr_expect(
                text_is(text_or_empty(got->health_check_path), text_or_empty(expected->health_check_path)));
        cr_expect(eq(u64, got->health_check_timeout_usec, expected->health_check_timeout_usec));
        cr_expect(eq(u64, got->check_settle_usec, expected->check_settle_usec));
}

static void expect_same_version(const EnvironmentVersion *expected, const EnvironmentVersion *got)
{
        cr_assert(eq(int, got != NULL, expected != NULL));
        if (!expected)
                return;
        cr_expect(eq(u64, got->id, expected->id));
        cr_expect(eq(u64, got->base, expected->base));
        cr_expect(eq(u64, got->deployment, expected->deployment));
        cr_assert(eq(sz, got->variables.n, expected->variables.n));
        for (size_t i = 0; i < got->variables.n; i++) {
                cr_expect(text_is(got->variables.items[i].name, expected->variables.items[i].name));
                cr_expect(text_is(got->variables.items[i].value, expected->variables.items[i].value));
        }
}

static void expect_same_deployment(const Deployment *expected, const Deployment *got)
{
        const Instance *one = expected->instances, *other = got->instances;

        cr_expect(text_is(got->app->name, expected->app->name));
        cr_expect(eq(int, got->status, expected->status), "%llu", (unsigned long long) expected->id);
        cr_expect(text_is(got->requested_revision, expected->requested_revision));
        cr_expect(text_is(got->revision, expected->revision), "%s", got->revision);
        cr_expect(eq(int, got->kind, expected->kind), "%llu", (unsigned long long) expected->id);
        cr_expect(eq(u64, got->rollback_to, expected->rollback_to));
        expect_same_version(expected->environment, got->environment);
        if (expected->status == DEPLOYMENT_QUEUED)
                cr_expect(got->settings.readiness == NULL, "it has not begun");
        else if (expected->settings.readiness)
                expect_same_copies(&expected->settings, &got->settings);
        cr_expect(eq(u64, got->release_id, expected->release_id));
        cr_expect(eq(u64, got->created_at, expected->created_at));
        cr_expect(eq(u32, got->requested_by, expected->requested_by));
        cr_expect(eq(u16, got->assigned_port, expected->assigned_port));
        expect_same_release(expected->release, got->release);
        for (; one && other; one = one->instances_next, other = other->instances_next) {
                cr_expect(text_is(other->process, one->process));
                cr_expect(eq(u32, other->number, one->number));
                cr_expect(eq(u16, other->port, one->port));
                cr_expect(text_is(other->unit, one->unit), "%s", other->unit);
        }
        cr_expect(one == NULL && other == NULL, "%llu: not as many instances",
                  (unsigned long long) expected->id);
}

Test(store_load, an_empty_database_is_an_empty_model)
{
        Model *loaded = load(0);

        cr_expect(loaded->repositories == NULL && loaded->apps == NULL && loaded->deployments == NULL);
        model_free(loaded);
}

Test(store_load, what_was_written_is_read_back)
{
        Repository *one = known_repository("one"), *two = known_repository("two"), *repository;
        App *shop = known_app("shop", one), *blog = known_app("blog", two), *app;
        _cleanup_variables_ Variables variables = {};
        const EnvironmentVersion *version;
        Deployment *deployment;
        Model *loaded;
        Reply reply;

        reply = done_by(store_repository_fetched, one, REVISION, AS);
        one->last_fetched_at = reply.at;
        cr_assert(eq(int, text_replace(&one->head_revision, REVISION), 0));
        done_by(store_app_set, shop, &all_settings, false, AS);
        cr_assert(eq(int, app_settings_copy(&shop->settings, &all_settings), 0));
        cr_assert(eq(int, variables_set(&variables, "KEY", "naïve\n'two'"), 0));
        cr_assert(eq(int, variables_set(&variables, "EMPTY", ""), 0));
        known_environment(shop, &variables, STORE_ENVIRONMENT_STAGE);
        bring_to(known_deployment(shop, "v1"), DEPLOYMENT_LIVE);
        bring_to(known_deployment(shop, "v2"), DEPLOYMENT_LIVE);
        deployment = known_deployment(shop, "v3");
        bring_to(deployment, DEPLOYMENT_FETCHING);
        bring_to(deployment, DEPLOYMENT_FAILED);
        bring_to(known_deployment(shop, "v4"), DEPLOYMENT_CANCELLED);
        bring_to(known_deployment(shop, "v5"), DEPLOYMENT_CHECKING);
        known_deployment(shop, "v6");
        bring_to(known_deployment(blog, ""), DEPLOYMENT_STARTING);
        known_deployment(blog, "naïve");
        known_again(shop, DEPLOYMENT_ROLLBACK, 1);
        known_again(shop, DEPLOYMENT_ROLLBACK, 0);
        /* What began keeps what it began with; the app has a version that one of these brings, and one
         * without a variable. */
        known_environment(shop, &(const Variables){}, STORE_ENVIRONMENT_STAGE);
        cr_assert(eq(int, variables_set(&variables, "EMPTY", "not any more"), 0));
        known_environment(shop, &variables, STORE_ENVIRONMENT_DEPLOY);
        done_by(store_app_set, shop, &default_settings, false, AS);
        cr_assert(eq(int, app_settings_copy(&shop->settings, &default_settings), 0));
        done_by(store_app_set, blog, &all_settings, false, AS);
        cr_assert(eq(int, app_settings_copy(&blog->settings, &all_settings), 0));
        done_by(store_app_set_status, blog, true, APP_STOPPED, "stop", AS);
        must(pg, "update deployment set logs_path = '/var/lib/deployd/logs/1/3.zst' where id = 3");

        loaded = load(DAY_USEC);
        LIST_FOREACH (repositories, repository, model->repositories) {
                Repository *got = model_repository(loaded, repository->name);

                cr_assert(got != NULL);
                cr_expect(eq(u64, got->id, repository->id));
                cr_expect(text_is(got->git_url, repository->git_url));
                cr_expect(text_is(got->default_branch, repository->default_branch));
                cr_expect(text_is(got->head_revision, repository->head_revision));
                cr_expect(eq(u64, got->last_fetched_at, repository->last_fetched_at));
                cr_expect(eq(u64, got->created_at, repository->created_at));
        }
        LIST_FOREACH (apps, app, model->apps) {
                App *got = model_app(loaded, app->name);

                cr_assert(got != NULL);
                cr_expect(eq(u64, got->id, app->id));
                cr_expect(text_is(got->repository->name, app->repository->name));
                cr_expect(eq(u16, got->port, app->port));
                cr_expect(eq(u64, got->created_at, app->created_at));
                expect_same_settings(&app->settings, &got->settings);
                expect_same_version(app->environment, got->environment);
                LIST_FOREACH (versions, version, app->versions)
                        expect_same_version(version, environment_version_find(got, version->id));
        }
        LIST_FOREACH (deployments, deployment, model->deployments) {
                Deployment *got = model_deployment(loaded, deployment->id);

                cr_assert(got != NULL, "%llu", (unsigned long long) deployment->id);
                expect_same_deployment(deployment, got);
        }
        cr_expect(eq(u64, model_app(loaded, "shop")->live->id, 2));
        cr_expect(model_app(loaded, "blog")->live == NULL);
        cr_expect(model_app(loaded, "blog")->stopped && !model_app(loaded, "shop")->stopped);
        cr_expect(eq(int, model_app(loaded, "blog")->status, APP_STOPPED));
        cr_expect(eq(u32, loaded->n_queued, 5));
        cr_expect(eq(u32, loaded->n_running, 2));
        cr_expect(eq(u32, loaded->n_ports_assigned, 4));

        cr_expect(text_is(variables_get(app_variables(model_app(loaded, "shop")), "EMPTY"), "not any more"));
        cr_expect(eq(u64, model_app(loaded, "shop")->environment->id, 3));
        cr_expect(model_app(loaded, "blog")->environment == NULL);
        version = model_app(loaded, "shop")->live->environment;
        cr_assert(version != NULL);
        cr_expect(text_is(variables_get(&version->variables, "KEY"), "naïve\n'two'"));
        cr_expect(text_is(variables_get(&version->variables, "EMPTY"), ""));

        deployment = model_deployment(loaded, 3);
        cr_expect(text_is(deployment->error_summary, "no"));
        cr_expect(text_is(deployment->logs_path, "/var/lib/deployd/logs/1/3.zst"));
        cr_expect(deployment->started_at >= deployment->created_at &&
                  deployment->finished_at >= deployment->started_at);
        cr_expect(eq(u64, model_deployment(loaded, 6)->started_at, 0));
        cr_expect(eq(u64, model_deployment(loaded, 6)->finished_at, 0));
        cr_expect(text_is(model_deployment(loaded, 2)->image_tag, "shop:0123456789ab-2"));
        model_free(loaded);
}

Test(store_load, a_past_deployment_is_published_as_long_as_it_is_young_or_something_of_it_is_left)
{
        App *app = known_app("shop", known_repository("one"));
        Model *loaded;

        for (unsigned i = 0; i < 3; i++)
                bring_to(known_deployment(app, ""), DEPLOYMENT_LIVE);
        bring_to(known_deployment(app, ""), DEPLOYMENT_FAILED);
        bring_to(known_deployment(app, ""), DEPLOYMENT_CANCELLED);
        must(pg,
             "update deployment set finished_at = now() - interval '1 hour', started_at = now() - interval "
             "'1 hour', created_at = now() - interval '1 hour' where id <= 4");
        /* Of the first nothing is left, of the second its files, of the third all: it is live. */
        done_by(store_deployment_forget_instances, model_deployment(model, 1), AS);
        done_by(store_deployment_forget_release, 1, AS);
        done_by(store_deployment_forget_instances, model_deployment(model, 2), AS);

        loaded = load(60 * USEC_PER_SEC);
        for (uint64_t id = 1; id <= 5; id++)
                cr_expect(eq(int, model_deployment(loaded, id) != NULL, id == 2 || id == 3 || id == 5),
                          "%llu", (unsigned long long) id);
        model_free(loaded);
        loaded = load(2 * 60 * 60 * USEC_PER_SEC);
        for (uint64_t id = 1; id <= 5; id++)
                cr_expect(model_deployment(loaded, id) != NULL, "%llu", (unsigned long long) id);
        model_free(loaded);

        /* Its files are gone, its instance is not yet. */
        done_by(store_deployment_forget_release, 2, AS);
        must(pg, "insert into instance (deployment_id, process, number, unit) values (2, 'web', 1, "
                 "'deployd-app-shop-2.web.1.service')");
        loaded = load(0);
        cr_expect(model_deployment(loaded, 2) != NULL);
        cr_expect(model_deployment(loaded, 1) == NULL && model_deployment(loaded, 5) == NULL);
        model_free(loaded);
}

Test(store_load, a_database_that_does_not_answer_in_time_is_an_error_told_once)
{
        Model *loaded = model_new();
        Reply reply = {};
        StoreAsk as = asking(&reply);

        cluster_kill(&cluster, SIGQUIT);
        wait_for_state(through, PG_CONNECTING);
        as.deadline = 0;
        cr_assert(eq(int, store_load(store, loaded, 0, &as), 0));
        cr_expect(not(reply.done), "never from within the verb");
        while (!reply.done)
                turn();
        cr_expect(eq(int, reply.error, -ETIMEDOUT));
        cr_expect(not(text_is(reply.sentence, "")));
        /* All of it has ended: the model is the caller's again. */
        model_free(loaded);
        cluster_start(&cluster);
        wait_for_state(through, PG_CONNECTED);
        wait_for_state(pg, PG_CONNECTED);
        cr_expect(eq(int, say(store_repository_insert, "shop", URL, "", AS).error, 0));
}

Test(store_load, a_row_that_cannot_be_is_an_error_told_once_and_nothing_is_read_after_it)
{
        Model *loaded = model_new();
        Reply reply;

        known_app("shop", known_repository("one"));
        must(pg, "alter table app drop constraint app_status_word");
        must(pg, "update app set status = 'lost'");
        reply = say(store_load, loaded, 0, AS);
        cr_expect(eq(int, reply.error, -EBADMSG));
        model_free(loaded);
        /* The order is kept, so whatever belongs to the load has come by now. */
        done_by(store_repository_insert, "two", URL, "", AS);
}

Test(store_load, a_formation_that_cannot_be_is_an_error)
{
        static const char *const formations[] = { "{web}", "{web=01}", "{web=10000}", "{_web=1}",
                                                  "{web=-1}" };

        known_app("shop", known_repository("one"));
        must(pg, "alter table app drop constraint app_formation_form");
        for (size_t i = 0; i < ELEMENTSOF(formations); i++) {
                Model *loaded = model_new();

                must(pg, "update app set formation = $1::text[]", pg_text(formations[i]));
                cr_expect(eq(int, say(store_load, loaded, 0, AS).error, -EBADMSG), "%s", formations[i]);
                model_free(loaded);
        }
}

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

static void expect_same_deployment(const Deployment *expected, const Deployment *got)
{
        const Instance *one = expected->instances, *other = got->instances;

        cr_expect(text_is(got->app->name, expected->app->name));
        cr_expect(eq(int, got->status, expected->status), "%llu", (unsigned long long) expected->id);
        cr_expect(text_is(got->requested_revision, expected->requested_revision));
        cr_expect(text_is(got->revision, expected->revision), "%s", got->revision);
        cr_expect(eq(u64, got->release_id, expected->release_id));
        cr_expect(eq(u64, got->created_at, expected->created_at));
        cr_expect(eq(u32, got->requested_by, expected->requested_by));
        cr_expect(eq(u16, got->assigned_port, expected->assigned_port));
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
        static char mode[] = "internal", branch[] = "release", directory[] = "web/sité";
        Repository *one = known_repository("one"), *two = known_repository("two"), *repository;
        App *shop = known_app("shop", one), *blog = known_app("blog", two), *app;
        AppSettings settings = { mode, branch, directory, 1, 2, 3, INT64_MAX };
        Deployment *deployment;
        Model *loaded;
        Reply reply;

        reply = done_by(store_repository_fetched, one, REVISION, AS);
        one->last_fetched_at = reply.at;
        cr_assert(eq(int, text_replace(&one->head_revision, REVISION), 0));
        done_by(store_app_set, shop, &settings, AS);
        cr_assert(eq(int, app_settings_copy(&shop->settings, &settings), 0));
        cr_assert(eq(int, variables_set(&shop->environment, "KEY", "naïve\n'two'"), 0));
        cr_assert(eq(int, variables_set(&shop->environment, "EMPTY", ""), 0));
        done_by(store_deployment_redeploy, shop, 0, &shop->environment, 9, AS);
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
                cr_expect(text_is(got->settings.access_mode, app->settings.access_mode));
                cr_expect(text_is(got->settings.branch, app->settings.branch));
                cr_expect(text_is(got->settings.directory, app->settings.directory));
                cr_expect(eq(u64, got->settings.stop_timeout_usec, app->settings.stop_timeout_usec));
                cr_expect(eq(u64, got->settings.memory_max, app->settings.memory_max));
                cr_expect(eq(u64, got->settings.tasks_max, app->settings.tasks_max));
                cr_expect(eq(u64, got->settings.cpu_quota_usec, app->settings.cpu_quota_usec));
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
        cr_expect(eq(u32, loaded->n_queued, 2));
        cr_expect(eq(u32, loaded->n_running, 2));
        cr_expect(eq(u32, loaded->n_ports_assigned, 4));

        cr_expect(eq(sz, model_app(loaded, "shop")->environment.n, 2));
        cr_expect(text_is(variables_get(&model_app(loaded, "shop")->environment, "KEY"), "naïve\n'two'"));
        cr_expect(text_is(variables_get(&model_app(loaded, "shop")->environment, "EMPTY"), ""));
        cr_expect(eq(sz, model_app(loaded, "blog")->environment.n, 0));

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

#define PAST 20000

/* Many past deployments of three apps, and a few of the present. */
static void make_past(void)
{
        Repository *repository = known_repository("one");
        App *shop = known_app("shop", repository), *blog = known_app("blog", repository);

        known_app("rare", repository);
        bring_to(known_deployment(shop, ""), DEPLOYMENT_LIVE);
        bring_to(known_deployment(shop, ""), DEPLOYMENT_LIVE);
        bring_to(known_deployment(blog, ""), DEPLOYMENT_CHECKING);
        must(pg, "insert into deployment (app_id, status, requested_revision, created_at, started_at, "
                 "finished_at, error_summary) "
                 "select case when i % 1000 = 0 then 3 else 1 + i % 2 end, (array['superseded', 'failed', "
                 "'cancelled'])[1 + i % 3], 'main', t, t, t, case when i % 3 = 1 then 'no' else '' end "
                 "from generate_series(1, 20000) i, lateral (select now() - interval '30 days' + i * "
                 "interval '1 "
                 "second' as t) x");
        known_deployment(shop, "last");
        must(pg, "vacuum analyze");
}

/* How many rows of a table the server has read so far, in order or by an index. The counters are the
 * session's until it is told to hand them over. */
static uint64_t rows_read(const char *table)
{
        must(through, "select 'flushed' from pg_stat_force_next_flush()");
        must(through, "select 'flushed'");
        return strtoull(must(pg,
                             "select (seq_tup_read + coalesce(idx_tup_fetch, 0))::text from "
                             "pg_stat_user_tables where relname = $1",
                             pg_text(table))
                                .text,
                        NULL, 10);
}

/* Far more than what is published or asked for, far less than there is. */
#define FEW 500

typedef struct History {
        bool done;
        int error;
        size_t n;
        uint64_t first, last;
        char app[60], status[20], error_summary[40];
        uint64_t finished_at;
        bool is_ordered;
} History;

static void on_history(void *userdata, int error, const DeploymentRecord *records, size_t n)
{
        History *history = userdata;

        cr_assert(not(history->done), "a callback came twice");
        *history = (History){ .done = true, .error = error, .n = n, .is_ordered = true };
        if (n == 0)
                return;
        history->first = records[0].id;
        history->last = records[n - 1].id;
        history->finished_at = records[0].finished_at;
        (void) snprintf(history->app, sizeof(history->app), "%s", records[0].app);
        (void) snprintf(history->status, sizeof(history->status), "%s",
                        deployment_status_to_string(records[0].status));
        (void) snprintf(history->error_summary, sizeof(history->error_summary), "%s",
                        records[0].error_summary);
        for (size_t i = 1; i < n; i++)
                history->is_ordered &= records[i - 1].id > records[i].id;
}

static History history_of(const App *app, uint64_t before, uint64_t id, unsigned limit)
{
        History history = {};

        cr_assert(eq(int,
                     store_history(store, app, before, id, limit, USEC_INFINITY, on_history, &history, NULL),
                     0));
        cr_expect(not(history.done), "never from within the verb");
        while (!history.done)
                turn();
        return history;
}

Test(store_load, the_past_is_neither_loaded_nor_read)
{
        uint64_t before, read;
        Deployment *deployment;
        unsigned n = 0;
        Model *loaded;

        make_past();
        before = rows_read("deployment");
        loaded = load(60 * USEC_PER_SEC);
        read = rows_read("deployment") - before;
        LIST_FOREACH (deployments, deployment, loaded->deployments)
                n++;
        cr_expect(eq(u32, n, 4));
        cr_expect(lt(u64, read, FEW), "%llu rows were read", (unsigned long long) read);
        model_free(loaded);
}

Test(store_load, history_reads_no_more_than_it_shows)
{
        App *shop, *rare;
        uint64_t before, read;

        make_past();
        shop = model_app(model, "shop");
        rare = model_app(model, "rare");
        for (unsigned i = 0; i < 6; i++) {
                History history;

                before = rows_read("deployment");
                switch (i) {
                case 0:
                        history = history_of(NULL, 0, 0, 50);
                        break;
                case 1:
                        history = history_of(NULL, 10000, 0, 50);
                        break;
                case 2:
                        history = history_of(shop, 0, 0, 50);
                        break;
                case 3:
                        history = history_of(shop, 10000, 0, 50);
                        break;
                case 4:
                        history = history_of(rare, 0, 0, 50);
                        break;
                default:
                        history = history_of(NULL, 0, 12345, 1);
                }
                read = rows_read("deployment") - before;
                cr_expect(eq(int, history.error, 0), "%u", i);
                cr_expect(eq(sz, history.n, i == 4 ? PAST / 1000 : i == 5 ? 1 : 50), "%u", i);
                cr_expect(history.is_ordered, "%u", i);
                cr_expect(lt(u64, read, FEW), "%u: %llu rows were read", i, (unsigned long long) read);
        }
}

Test(store_load, history_is_newest_first_of_one_app_or_all_page_by_page)
{
        App *shop = known_app("shop", known_repository("one")), *blog = known_app("blog", shop->repository);
        History history;

        for (unsigned i = 0; i < 4; i++) {
                bring_to(known_deployment(shop, ""), DEPLOYMENT_FAILED);
                known_deployment(blog, "");
        }
        history = history_of(NULL, 0, 0, 100);
        cr_expect(history.n == 8 && history.first == 8 && history.last == 1 && history.is_ordered);
        history = history_of(NULL, 8, 0, 3);
        cr_expect(history.n == 3 && history.first == 7 && history.last == 5);
        cr_expect(text_is(history.app, "shop"));
        cr_expect(text_is(history.status, "failed"));
        cr_expect(text_is(history.error_summary, "no"));
        cr_expect(gt(u64, history.finished_at, 0));
        history = history_of(shop, 0, 0, 2);
        cr_expect(history.n == 2 && history.first == 7 && history.last == 5);
        history = history_of(shop, 5, 0, 100);
        cr_expect(history.n == 2 && history.first == 3 && history.last == 1);
        history = history_of(shop, 1, 0, 100);
        cr_expect(history.n == 0 && history.error == 0);
        history = history_of(NULL, 0, 4, 1);
        cr_expect(history.n == 1 && history.first == 4);
        cr_expect(text_is(history.status, "queued"));
        cr_expect(eq(u64, history.finished_at, 0));
        history = history_of(NULL, 0, 4711, 1);
        cr_expect(history.n == 0 && history.error == 0);
}

Test(store_load, history_that_does_not_come_in_time_is_an_error)
{
        History history = {};

        cluster_kill(&cluster, SIGQUIT);
        wait_for_state(through, PG_CONNECTING);
        cr_assert(eq(int, store_history(store, NULL, 0, 0, 1, 0, on_history, &history, NULL), 0));
        while (!history.done)
                turn();
        cr_expect(eq(int, history.error, -ETIMEDOUT));
        cr_expect(eq(sz, history.n, 0));
}

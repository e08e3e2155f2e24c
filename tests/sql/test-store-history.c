/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "store-fixture.h"

TestSuite(store_history, .init = store_fixture_start, .fini = store_fixture_end, .timeout = 300);

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
                     store_history(store, app ? app->id : 0, before, id, limit, USEC_INFINITY, on_history,
                                   &history, NULL),
                     0));
        cr_expect(not(history.done), "never from within the verb");
        while (!history.done)
                turn();
        return history;
}

Test(store_history, the_past_is_neither_loaded_nor_read)
{
        uint64_t before, read;
        Deployment *deployment;
        unsigned n = 0;
        Model *loaded;

        make_past();
        before = rows_read("deployment");
        loaded = model_new();
        done_by(store_load, loaded, 60 * USEC_PER_SEC, AS);
        read = rows_read("deployment") - before;
        LIST_FOREACH (deployments, deployment, loaded->deployments)
                n++;
        cr_expect(eq(u32, n, 4));
        cr_expect(lt(u64, read, FEW), "%llu rows were read", (unsigned long long) read);
        model_free(loaded);
}

Test(store_history, history_reads_no_more_than_it_shows)
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

Test(store_history, history_is_newest_first_of_one_app_or_all_page_by_page)
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

Test(store_history, history_that_does_not_come_in_time_is_an_error)
{
        History history = {};

        cluster_kill(&cluster, SIGQUIT);
        wait_for_state(through, PG_CONNECTING);
        cr_assert(eq(int, store_history(store, 0, 0, 0, 1, 0, on_history, &history, NULL), 0));
        while (!history.done)
                turn();
        cr_expect(eq(int, history.error, -ETIMEDOUT));
        cr_expect(eq(sz, history.n, 0));
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/text.h"
#include "store-fixture.h"

static App *app;

static void start(void)
{
        store_fixture_start();
        app = known_app("shop", known_repository("shop"));
}

TestSuite(store_deployment, .init = start, .fini = store_fixture_end, .timeout = 120);

#define QUEUE_MAX 3

#define INSERT(revision, request_id) \
        store_deployment_insert, app, (revision), (request_id), DEPLOYMENT_DEPLOY, QUEUE_MAX, AS
#define MOVE(deployment, from, event, error) \
        store_deployment_move, (deployment), row_of((from), (event)), (error), APP_DEPLOYING, AS

Test(store_deployment, is_queued_with_an_event_and_shown_on_an_app_without_any)
{
        Reply reply = done_by(INSERT("main", NULL));

        cr_expect(eq(u64, reply.id, 1));
        cr_expect(eq(u64, reply.number, 0));
        cr_expect(eq(
                u64, reply.at,
                (uint64_t) strtoull(look("select (extract(epoch from created_at) * 1000000)::bigint::text "
                                         "from deployment"),
                                    NULL, 10)));
        sees("select concat_ws(' ', id, app_id, kind, status, requested_revision, revision = '', "
             "requested_by, "
             "request_id is null, started_at is null, finished_at is null) from deployment",
             "1 1 deploy queued main t 1000 t t t");
        sees("select status from app", "deploying");
        sees("select concat_ws(' ', operation is not null, actor_uid, verb, app_name, deployment_id, "
             "from_status "
             "= '', to_status, detail) from event order by id desc limit 1",
             "t 1000 deploy shop 1 t queued main");
}

Test(store_deployment, a_second_one_does_not_hide_that_the_app_runs)
{
        bring_to(known_deployment(app, ""), DEPLOYMENT_LIVE);
        must(pg, "update app set status = 'failed'");
        done_by(INSERT("", NULL));
        sees("select status from app", "failed");
}

Test(store_deployment, a_request_id_makes_one_deployment_however_often_it_is_used)
{
        Reply first = done_by(INSERT("main", "ci-1")), again;
        const char *before = strdupa(everything());

        again = done_by(INSERT("main", "ci-1"));
        cr_expect(eq(u64, again.id, first.id));
        cr_expect(eq(u64, again.at, first.at));
        cr_expect(eq(u64, first.number, 0));
        cr_expect(eq(u64, again.number, 1));
        cr_expect(text_is(everything(), before));
}

Test(store_deployment, a_request_id_with_other_arguments_is_invalid_and_nothing_is_written)
{
        App *other = known_app("blog", app->repository);
        const char *before;

        done_by(INSERT("main", "ci-1"));
        before = strdupa(everything());
        cr_expect(eq(int, say(INSERT("other", "ci-1")).error, -EINVAL));
        cr_expect(eq(int,
                     say(store_deployment_insert, other, "main", "ci-1", DEPLOYMENT_DEPLOY, 9, AS).error,
                     -EINVAL));
        cr_expect(eq(int, say(store_deployment_insert, app, "main", "ci-1", DEPLOYMENT_REBUILD, 9, AS).error,
                     -EINVAL));
        cr_expect(text_is(everything(), before));
}

Test(store_deployment, one_that_builds_again_says_so)
{
        Reply reply = done_by(store_deployment_insert, app, "main", "ci-1", DEPLOYMENT_REBUILD, 9, AS);

        cr_expect(eq(u64, reply.number, 0));
        sees("select concat_ws(' ', kind, (select verb from event where deployment_id = deployment.id)) from deployment",
             "rebuild rebuild");
        cr_expect(eq(u64,
                     done_by(store_deployment_insert, app, "main", "ci-1", DEPLOYMENT_REBUILD, 9, AS).number,
                     1));
}

Test(store_deployment, a_request_id_is_its_actors_own)
{
        Reply first = done_by(INSERT("main", "ci-1")), other = {};
        StoreAsk asking_other = asking(&other);

        asking_other.actor = ACTOR + 1;
        cr_assert(eq(int,
                     store_deployment_insert(store, app, "other", "ci-1", DEPLOYMENT_DEPLOY, QUEUE_MAX,
                                             &asking_other),
                     0));
        await(&other);
        cr_expect(eq(int, other.error, 0));
        cr_expect(ne(u64, other.id, first.id));
        cr_expect(eq(u64, other.number, 0));
}

/* A user who has his share of the queue is refused, others are not. */
Test(store_deployment, an_actor_has_no_more_than_his_share_of_the_queue)
{
        const int wanted[] = { 0, 0, -ESTALE, 0 };

        for (size_t i = 0; i < ELEMENTSOF(wanted); i++) {
                Reply reply = {};
                StoreAsk ask = asking(&reply);

                ask.queue_share = 2;
                ask.actor = i < 3 ? ACTOR : ACTOR + 1;
                cr_assert(eq(int,
                             store_deployment_insert(store, app, "main", NULL, DEPLOYMENT_DEPLOY, 100, &ask),
                             0));
                await(&reply);
                cr_expect(eq(int, reply.error, wanted[i]), "%zu", i);
        }
        for (unsigned i = 0; i < 2; i++) {
                Reply reply = {};
                StoreAsk ask = asking(&reply);

                ask.queue_share = 2;
                ask.actor = ACTOR + i;
                cr_assert(eq(int, store_deployment_redeploy(store, app, DEPLOYMENT_REDEPLOY, 0, 100, &ask),
                             0));
                await(&reply);
                cr_expect(eq(int, reply.error, i == 0 ? -ESTALE : 0), "%u", i);
        }
}

Test(store_deployment, a_full_queue_takes_no_more_but_knows_what_it_has)
{
        Deployment *first = known_deployment(app, "");
        const char *before;
        Reply old;

        old = done_by(INSERT("main", "ci-1"));
        done_by(INSERT("main", NULL));
        before = strdupa(everything());
        cr_expect(eq(int, say(INSERT("main", NULL)).error, -ESTALE));
        cr_expect(eq(int, say(INSERT("main", "ci-2")).error, -ESTALE));
        cr_expect(eq(u64, done_by(INSERT("main", "ci-1")).id, old.id));
        cr_expect(text_is(everything(), before));

        /* Only those that wait count. */
        bring_to(first, DEPLOYMENT_FETCHING);
        done_by(INSERT("main", NULL));
        cr_expect(eq(int, say(INSERT("main", NULL)).error, -ESTALE));
}

Test(store_deployment, of_an_app_that_is_gone_is_refused_and_nothing_is_written)
{
        const char *before;
        Reply reply;

        done_by(store_app_delete, app, KEEP_USEC, AS);
        before = strdupa(everything());
        reply = say(INSERT("main", NULL));
        cr_expect(eq(int, reply.error, -EBUSY));
        cr_expect(text_is(reply.constraint, "deployment_app_id_fkey"), "%s", reply.constraint);
        cr_expect(text_is(everything(), before));
}

Test(store_deployment, what_the_schema_does_not_allow_is_invalid_and_nothing_is_written)
{
        static char long_id[130];
        const char *before = strdupa(everything());

        memset(long_id, 'x', 129);
        cr_expect(eq(int, say(INSERT("ma\nin", NULL)).error, -EINVAL));
        cr_expect(eq(int, say(INSERT("main", "")).error, -EINVAL));
        cr_expect(eq(int, say(INSERT("main", long_id)).error, -EINVAL));
        cr_expect(eq(int, say(INSERT("main", "a\tb")).error, -EINVAL));
        cr_expect(text_is(everything(), before));
}

Test(store_deployment, moves_when_it_is_where_the_row_says_with_event_time_and_revision)
{
        Deployment *deployment = known_deployment(app, "main");
        const FlowRow *row = row_of(DEPLOYMENT_QUEUED, FLOW_SLOT);
        char expected[200];
        Reply reply;

        cr_assert(eq(int, text_replace(&deployment->revision, REVISION), 0));
        reply = done_by(store_deployment_move, deployment, row, NULL, APP_RUNNING, AS);
        sees("select concat_ws(' ', status, revision, error_summary = '', finished_at is null) from "
             "deployment",
             "fetching " REVISION " t t");
        cr_expect(eq(
                u64, reply.at,
                (uint64_t) strtoull(look("select (extract(epoch from started_at) * 1000000)::bigint::text "
                                         "from deployment"),
                                    NULL, 10)));
        sees("select status from app", "running");
        (void) snprintf(expected, sizeof(expected), "t 1000 deployment-move shop 1 queued fetching %s",
                        row->sentence);
        sees("select concat_ws(' ', operation is not null, actor_uid, verb, app_name, deployment_id, "
             "from_status, to_status, detail) from event order by id desc limit 1",
             expected);
}

Test(store_deployment, that_is_elsewhere_is_stale_and_nothing_is_written)
{
        Deployment *deployment = known_deployment(app, "main"), *nobody = deployment_new(app, 4711);
        const char *before = strdupa(everything());

        for (size_t i = 0; i < flow_table_size; i++) {
                const FlowRow *row = &flow_table[i];

                if (row->from == DEPLOYMENT_QUEUED)
                        continue;
                cr_expect(eq(int,
                             say(store_deployment_move, deployment, row,
                                 row->to == DEPLOYMENT_FAILED ? "no" : NULL, APP_RUNNING, AS)
                                     .error,
                             -ESTALE),
                          "%u", row->row);
        }
        cr_expect(eq(int, start_it(deployment, PORT_LOW, PORT_HIGH, PORT_LOW).error, -ESTALE));
        cr_expect(eq(int,
                     say(store_deployment_go_live, deployment, row_of(DEPLOYMENT_SWITCHING, FLOW_DONE),
                         row_of(DEPLOYMENT_LIVE, FLOW_REPLACED), AS)
                             .error,
                     -ESTALE));
        cr_expect(eq(int, say(MOVE(nobody, DEPLOYMENT_QUEUED, FLOW_SLOT, NULL)).error, -ESTALE));
        cr_expect(text_is(everything(), before));
        deployment_free(nobody);
}

Test(store_deployment, failed_has_its_sentence_and_nothing_else_has_one)
{
        Deployment *deployment = known_deployment(app, "main");
        const char *before = strdupa(everything());
        Reply reply;

        reply = say(MOVE(deployment, DEPLOYMENT_QUEUED, FLOW_FAILED, NULL));
        cr_expect(eq(int, reply.error, -EINVAL));
        cr_expect(text_is(reply.constraint, "deployment_error_summary_if_failed"), "%s", reply.constraint);
        cr_expect(eq(int, say(MOVE(deployment, DEPLOYMENT_QUEUED, FLOW_CANCEL, "why")).error, -EINVAL));
        cr_expect(eq(int, say(MOVE(deployment, DEPLOYMENT_QUEUED, FLOW_FAILED, "a\nb")).error, -EINVAL));
        cr_expect(text_is(everything(), before));

        reply = done_by(store_deployment_move, deployment, row_of(DEPLOYMENT_QUEUED, FLOW_FAILED),
                        "no free port in 20000-20009", APP_FAILED, AS);
        sees("select concat_ws(' ', d.status, d.error_summary, d.started_at is null, a.status) from "
             "deployment "
             "d, app a",
             "failed no free port in 20000-20009 t failed");
        cr_expect(eq(
                u64, reply.at,
                (uint64_t) strtoull(look("select (extract(epoch from finished_at) * 1000000)::bigint::text "
                                         "from deployment"),
                                    NULL, 10)));
}

Test(store_deployment, only_one_of_an_app_runs)
{
        Deployment *first = known_deployment(app, ""), *second = known_deployment(app, "");
        const char *before;
        Reply reply;

        bring_to(first, DEPLOYMENT_FETCHING);
        before = strdupa(everything());
        reply = say(MOVE(second, DEPLOYMENT_QUEUED, FLOW_SLOT, NULL));
        cr_expect(eq(int, reply.error, -EEXIST));
        cr_expect(text_is(reply.constraint, "deployment_one_running"), "%s", reply.constraint);
        cr_expect(text_is(everything(), before));
}

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

TestSuite(store_redeploy, .init = start, .fini = store_fixture_end, .timeout = 120);

/* Deployments of the app, one after another live, each with a release of its own. */
static void make_history(unsigned n)
{
        for (unsigned i = 0; i < n; i++)
                bring_to(known_deployment(app, "main"), DEPLOYMENT_LIVE);
}

static void sees_wish(uint64_t id, const char *expected)
{
        _cleanup_free_ char *sql = text_format(
                "select concat_ws(' ', kind, status, coalesce(rollback_to, 0), coalesce(release_id, 0), "
                "requested_revision, requested_by, started_at is null) from deployment where id = %llu",
                (unsigned long long) id);

        sees(sql, expected);
}

Test(store_redeploy, the_live_one_is_wished_once_more_and_its_release_is_chosen_later)
{
        Reply reply;

        make_history(1);
        reply = done_by(store_deployment_redeploy, app, DEPLOYMENT_REDEPLOY, 0, 1, AS);
        cr_expect(eq(u64, reply.id, 2));
        cr_expect(eq(
                u64, reply.at,
                (uint64_t) strtoull(look("select (extract(epoch from created_at) * 1000000)::bigint::text "
                                         "from deployment where id = 2"),
                                    NULL, 10)));
        sees_wish(2, "redeploy queued 0 0 main 1000 t");
        sees("select concat_ws(' ', operation is not null, actor_uid, verb, app_name, deployment_id, detail = '') from event order by id desc limit 1",
             "t 1000 redeploy shop 2 t");
}

Test(store_redeploy, a_wish_gets_its_release_when_it_begins)
{
        Deployment *again;
        Reply reply;

        make_history(1);
        again = known_again(app, DEPLOYMENT_REDEPLOY, 0);
        reply = start_again(again, 1);
        cr_assert(eq(int, reply.error, 0), "%s", reply.sentence);
        cr_assert(eq(sz, reply.n_ports, 1));
        cr_expect(eq(u16, reply.ports[0], PORT_LOW + 1));
        sees_wish(2, "redeploy starting 0 1 main 1000 f");
        sees("select concat_ws(' ', revision, image_tag, assigned_port) from deployment where id = 2",
             REVISION " shop:0123456789ab-1 20001");
        sees("select string_agg(id::text, ' ') from release", "1");
}

Test(store_redeploy, behind_a_deploy_it_repeats_what_that_has_made_live)
{
        Deployment *deploy, *again;

        make_history(1);
        deploy = known_deployment(app, "next");
        again = known_again(app, DEPLOYMENT_REDEPLOY, 0);
        sees_wish(3, "redeploy queued 0 0 main 1000 t");
        bring_to(deploy, DEPLOYMENT_LIVE);
        sees_wish(3, "redeploy queued 0 0 main 1000 t");
        cr_assert(eq(int, start_again(again, app->live->release_id).error, 0));
        bring_to(again, DEPLOYMENT_LIVE);
        sees("select string_agg(concat_ws(' ', id, status, release_id, image_tag), ', ' order by id) from deployment",
             "1 superseded 1 shop:0123456789ab-1, 2 superseded 2 shop:0123456789ab-2, 3 live 2 shop:0123456789ab-2");
}

Test(store_redeploy, a_rollback_keeps_its_number_or_none)
{
        make_history(3);
        cr_expect(eq(u64, done_by(store_deployment_redeploy, app, DEPLOYMENT_ROLLBACK, 2, 9, AS).id, 4));
        cr_expect(eq(u64, done_by(store_deployment_redeploy, app, DEPLOYMENT_ROLLBACK, 0, 9, AS).id, 5));
        sees_wish(4, "rollback queued 2 0 main 1000 t");
        sees_wish(5, "rollback queued 0 0 main 1000 t");
        sees("select string_agg(concat_ws(' ', verb, app_name, deployment_id), ', ' order by id) from event where verb = 'rollback'",
             "rollback shop 4, rollback shop 5");
}

Test(store_redeploy, two_rollbacks_go_two_releases_back)
{
        Deployment *one, *two;

        make_history(3);
        one = known_again(app, DEPLOYMENT_ROLLBACK, 0);
        two = known_again(app, DEPLOYMENT_ROLLBACK, 0);
        cr_assert(eq(int, start_again(one, 2).error, 0));
        sees_wish(5, "rollback queued 0 0 main 1000 t");
        bring_to(one, DEPLOYMENT_LIVE);
        cr_assert(eq(int, start_again(two, 1).error, 0));
        bring_to(two, DEPLOYMENT_LIVE);
        sees("select string_agg(concat_ws(' ', id, status, release_id), ', ' order by id) from deployment where id > 2",
             "3 superseded 3, 4 superseded 2, 5 live 1");
}

Test(store_redeploy, a_release_that_is_not_kept_or_somebody_elses_is_not_begun_with)
{
        App *other = known_app("other", app->repository);
        static const uint64_t missing[] = { 1, 4, 99 };
        Deployment *again;
        const char *before;

        make_history(3);
        bring_to(known_deployment(other, ""), DEPLOYMENT_LIVE);
        done_by(store_deployment_forget_release, 1, AS);
        again = known_again(app, DEPLOYMENT_ROLLBACK, 1);
        before = strdupa(everything());
        for (size_t i = 0; i < ELEMENTSOF(missing); i++) {
                Reply reply = start_again(again, missing[i]);

                cr_expect(eq(int, reply.error, -ESTALE), "%zu", i);
                cr_expect(eq(u64, reply.number, 2), "%zu", i);
        }
        cr_expect(text_is(everything(), before));
        sees_wish(again->id, "rollback queued 1 0 main 1000 t");
}

Test(store_redeploy, a_full_queue_changes_nothing)
{
        const char *before;

        make_history(1);
        known_deployment(app, "");
        before = strdupa(everything());
        cr_expect(
                eq(int, say(store_deployment_redeploy, app, DEPLOYMENT_REDEPLOY, 0, 1, AS).error, -ESTALE));
        cr_expect(
                eq(int, say(store_deployment_redeploy, app, DEPLOYMENT_ROLLBACK, 1, 1, AS).error, -ESTALE));
        cr_expect(text_is(everything(), before));
}

Test(store_redeploy, of_an_app_that_is_gone_it_is_refused)
{
        const char *before;

        done_by(store_app_delete, app, KEEP_USEC, AS);
        before = strdupa(everything());
        cr_expect(eq(int, say(store_deployment_redeploy, app, DEPLOYMENT_REDEPLOY, 0, 1, AS).error, -EBUSY));
        cr_expect(text_is(everything(), before));
}

Test(store_redeploy, a_release_is_not_forgotten_while_something_runs_it)
{
        make_history(3);
        cr_expect(eq(u64, done_by(store_deployment_forget_release, 3, AS).number, 0)); /* live */
        cr_assert(eq(int, start_again(known_again(app, DEPLOYMENT_ROLLBACK, 2), 2).error, 0));
        cr_expect(eq(u64, done_by(store_deployment_forget_release, 2, AS).number, 0)); /* starting */
        cr_expect(eq(u64, done_by(store_deployment_forget_release, 1, AS).number, 1));
        cr_expect(eq(u64, done_by(store_deployment_forget_release, 1, AS).number, 0)); /* gone before */
        sees("select string_agg(id::text, ' ' order by id) from release", "2 3");
}

/* The columns that the trigger copies, of one deployment. */
static void sees_copies(uint64_t id, const char *expected)
{
        _cleanup_free_ char *sql = text_format(
                "select concat_ws('|', branch, directory, buildpack, build_command, readiness, health_check_path, "
                "health_check_timeout_usec, check_settle_usec, writable_tree, persist, environment_id) from deployment where id = %llu",
                (unsigned long long) id);

        sees(sql, expected);
}

#define COPIES \
        "release|web/sité|node|make \"{a,b}\" 'c' \\d é|notify|/up?a='b'&c=%20|6|7|yes|data,public/uploads"

Test(store_redeploy, both_ways_to_begin_copy_what_the_app_has_then)
{
        Deployment *first = known_deployment(app, ""), *again, *cancelled;

        sees_copies(1, "||||port||0|0|no|");
        done_by(store_app_set, app, &all_settings, false, AS);
        must(pg, "insert into environment_version (app_id) values (1)");
        must(pg, "update app set environment_id = 1");
        sees_copies(1, "||||port||0|0|no|");
        done_by(store_deployment_move, first, row_of(DEPLOYMENT_QUEUED, FLOW_SLOT), NULL, APP_DEPLOYING, AS);
        model_set_deployment_status(model, first, DEPLOYMENT_FETCHING);
        sees_copies(1, COPIES "|1");

        /* What has begun keeps them, whatever is set. */
        done_by(store_app_set, app, &default_settings, false, AS);
        must(pg, "update app set environment_id = null");
        bring_to(first, DEPLOYMENT_LIVE);
        sees_copies(1, COPIES "|1");

        again = known_again(app, DEPLOYMENT_REDEPLOY, 0);
        cancelled = known_again(app, DEPLOYMENT_REDEPLOY, 0);
        done_by(store_app_set, app, &all_settings, false, AS);
        must(pg, "insert into environment_version (app_id) values (1)");
        must(pg, "update app set environment_id = 2");
        sees_copies(2, "||||port||0|0|no|");
        cr_assert(eq(int, start_again(again, 1).error, 0));
        sees_copies(2, COPIES "|2");
        bring_to(cancelled, DEPLOYMENT_CANCELLED);
        sees_copies(3, "||||port||0|0|no|");
}

Test(store_redeploy, set_for_a_stopped_app_its_live_deployment_has_it_too)
{
        make_history(1);
        done_by(store_app_set, app, &all_settings, false, AS);
        sees_copies(1, "||||port||0|0|no|");
        done_by(store_app_set, app, &all_settings, true, AS);
        sees_copies(1, COPIES);
}

Test(store_redeploy, applied_the_live_deployment_has_all_that_the_app_has)
{
        const char *before = strdupa(everything());
        Reply reply;

        cr_expect(eq(int, say(store_app_apply, app, AS).error, -ESTALE), "nothing is live");
        cr_expect(text_is(everything(), before));
        make_history(2);
        done_by(store_app_set, app, &all_settings, false, AS);
        must(pg, "insert into environment_version (app_id) values (1)");
        must(pg, "update app set environment_id = 1");
        reply = done_by(store_app_apply, app, AS);
        cr_expect(eq(u64, reply.id, 2));
        sees_copies(2, COPIES "|1");
        sees_copies(1, "||||port||0|0|no|");
        sees("select concat_ws(' ', operation is not null, actor_uid, verb, app_name, deployment_id) from event order by id desc limit 1",
             "t 1000 redeploy shop 2");
}

Test(store_redeploy, live_by_deploy_or_rollback_an_app_is_wanted_but_not_by_redeploy)
{
        Deployment *deploy, *again, *back;

        make_history(1);
        done_by(store_app_set_status, app, true, APP_STOPPED, "stop", AS);
        again = known_again(app, DEPLOYMENT_REDEPLOY, 0);
        cr_assert(eq(int, start_again(again, 1).error, 0));
        bring_to(again, DEPLOYMENT_LIVE);
        sees("select concat_ws(' ', wanted, status, current_port) from app", "stopped stopped 20001");
        deploy = known_deployment(app, "");
        bring_to(deploy, DEPLOYMENT_LIVE);
        sees("select concat_ws(' ', wanted, status) from app", "running running");

        done_by(store_app_set_status, app, true, APP_STOPPED, "stop", AS);
        back = known_again(app, DEPLOYMENT_ROLLBACK, 1);
        cr_assert(eq(int, start_again(back, 1).error, 0));
        bring_to(back, DEPLOYMENT_LIVE);
        sees("select concat_ws(' ', wanted, status) from app", "running running");
        again = known_again(app, DEPLOYMENT_REDEPLOY, 0);
        cr_assert(eq(int, start_again(again, 1).error, 0));
        bring_to(again, DEPLOYMENT_LIVE);
        sees("select concat_ws(' ', wanted, status) from app", "running running");
}

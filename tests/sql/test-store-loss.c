/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "loss.h"

TestSuite(store_loss, .init = store_fixture_start, .fini = store_fixture_end, .timeout = 300);

Test(store_loss, verbs_of_a_repository_take_effect_once)
{
        Repository *repository = repository_new("shop");
        Reply reply;

        reply = once(store_repository_insert, "shop", URL, "main", AS);
        cr_expect(eq(u64, reply.id, number_of("select id::text from repository")));
        repository->id = reply.id;
        once(store_repository_set_git_url, repository, "/srv/git", AS);
        once(store_repository_set_default_branch, repository, "next", AS);
        once(store_repository_set_submodules, repository, "yes", AS);
        reply = once(store_repository_fetched, repository, REVISION, AS);
        cr_expect(eq(u64, reply.at,
                     number_of("select (extract(epoch from last_fetched_at) * 1000000)::bigint::text from "
                               "repository")));
        sees("select concat_ws(' ', git_url, default_branch, head_revision) from repository",
             "/srv/git next " REVISION);

        /* This one only has to be a new number. */
        lose();
        reply = done_by(store_repository_count_fetch, repository, AS);
        cr_expect(eq(u64, reply.number, number_of("select fetches::text from repository")));
        cr_expect(lt(u64, reply.number, done_by(store_repository_count_fetch, repository, AS).number));

        once(store_repository_delete, repository, AS);
        sees("select count(*)::text from repository", "0");
        repository_free(repository);
}

Test(store_loss, verbs_of_an_app_take_effect_once)
{
        AppSettings settings = all_settings;
        App *app = app_new("shop", known_repository("shop"));
        Reply reply;

        reply = once(store_app_insert, "shop", app->repository, &settings, STABLE_LOW, STABLE_HIGH, 0, AS);
        cr_expect(eq(u64, reply.id, number_of("select id::text from app")));
        cr_expect(eq(u64, reply.number, STABLE_LOW));
        sees("select count(*)::text from app", "1");
        app->id = reply.id;
        settings.memory_max = 99;
        once(store_app_set, app, &settings, false, AS);
        sees("select memory_max::text from app", "99");
        once(store_app_set_status, app, true, APP_STOPPED, "stop", AS);
        sees("select wanted || ' ' || status from app", "stopped stopped");
        once(store_app_delete, app, KEEP_USEC, AS);
        sees("select count(*)::text from app", "0");
        sees("select count(*)::text from retired_port", "1");
        app_free(app);
}

Test(store_loss, an_app_without_a_port_left_is_refused_when_it_is_sent_twice_too)
{
        Repository *repository = known_repository("shop");
        Reply reply;

        /* The last port goes to the first run; the second must not take its own effect for another's. */
        reply = once(store_app_insert, "a", repository, &default_settings, STABLE_LOW, STABLE_LOW, 0, AS);
        cr_expect(eq(u64, reply.number, STABLE_LOW));
        lose();
        cr_expect(eq(int,
                     say(store_app_insert, "b", repository, &default_settings, STABLE_LOW, STABLE_LOW, 0, AS)
                             .error,
                     -ESTALE));
        sees("select count(*)::text from app", "1");
}

Test(store_loss, verbs_of_a_deployment_take_effect_once)
{
        App *app = known_app("shop", known_repository("shop"));
        Deployment *deployment, *next = NULL;
        Reply reply;

        for (unsigned i = 0; i < 2; i++) {
                /* The queue has room for one: the second run finds it full, of its own. */
                reply = once(store_deployment_insert, app, "main", i == 0 ? "ci-1" : NULL, DEPLOYMENT_DEPLOY,
                             1, AS);
                cr_expect(eq(u64, reply.number, 0), "made now, not before");
                cr_expect(eq(u64, number_of("select count(*)::text from deployment"), i + 1));
                cr_expect(eq(u64, reply.id, number_of("select max(id)::text from deployment")));
                deployment = deployment_new(app, reply.id);
                cr_assert(eq(int, model_add_deployment(model, deployment), 0));

                reply = once(store_deployment_move, deployment, row_of(DEPLOYMENT_QUEUED, FLOW_SLOT), NULL,
                             APP_DEPLOYING, AS);
                cr_expect(
                        eq(u64, reply.at,
                           number_of("select (extract(epoch from started_at) * 1000000)::bigint::text from "
                                     "deployment order by id desc limit 1")));
                lose();
                record_it(deployment);
                cr_expect(eq(u32, proxy.swallowed, n_expected));
                cr_expect(eq(u64, number_of("select count(*)::text from release"), i + 1));
                cr_expect(
                        eq(u64, number_of("select max(release_id)::text from deployment"), deployment->id));
                lose();
                reply = start_it(deployment, PORT_LOW, PORT_LOW + 1, PORT_LOW);
                cr_assert(eq(int, reply.error, 0), "%s", reply.sentence);
                cr_expect(eq(u32, proxy.swallowed, n_expected));
                cr_expect(eq(sz, reply.n_ports, 1));
                cr_expect(eq(
                        u16, reply.ports[0],
                        number_of("select port::text from instance order by deployment_id desc limit 1")));
                cr_expect(eq(u64, number_of("select count(*)::text from port_lease"), i + 1));
                once(store_deployment_move, deployment, row_of(DEPLOYMENT_STARTING, FLOW_DONE), NULL,
                     APP_DEPLOYING, AS);
                once(store_deployment_move, deployment, row_of(DEPLOYMENT_CHECKING, FLOW_DONE), NULL,
                     APP_DEPLOYING, AS);

                lose();
                reply = done_by(store_deployment_go_live, deployment,
                                row_of(DEPLOYMENT_SWITCHING, FLOW_DONE),
                                row_of(DEPLOYMENT_LIVE, FLOW_REPLACED), AS);
                cr_expect(eq(u32, proxy.swallowed, n_expected));
                cr_expect(
                        eq(u64, reply.at,
                           number_of("select (extract(epoch from finished_at) * 1000000)::bigint::text from "
                                     "deployment order by id desc limit 1")));
                sees("select count(*)::text from deployment where status = 'live'", "1");
                cr_expect(eq(u64,
                             number_of("select count(*)::text from event where to_status = 'superseded'"),
                             i));
                next = next ? next : deployment;
        }
        app->live = deployment;
        reply = once(store_deployment_redeploy, app, DEPLOYMENT_REDEPLOY, 0, 1, AS);
        cr_expect(eq(u64, reply.id, number_of("select max(id)::text from deployment")));
        sees("select count(*)::text from deployment where kind = 'redeploy'", "1");
        app->live = NULL;
        lose();
        done_by(store_deployment_forget_instances, next, AS);
        sees("select count(*)::text from port_lease", "1");
        lose();
        done_by(store_deployment_forget_release, next->id, AS);
        sees("select count(*)::text from release", "1");
        lose();
        reply = say(store_deployment_insert, app, "main", "ci-1", DEPLOYMENT_DEPLOY, 1, AS);
        cr_expect(reply.error == 0 && reply.id == next->id && reply.number == 1);
        cr_expect(eq(u32, proxy.swallowed, n_expected));
}

Test(store_loss, one_that_is_live_gets_more_instances_and_loses_some_once)
{
        static const StoreInstance more[] = {
                { "worker", 1, "deployd-app-shop-1.worker.1.service", false },
                { "web", 2, "deployd-app-shop-1.web.2.service", true },
        };
        /* Two ports: the second run finds none, for it has the second itself. */
        static const StorePorts range = { PORT_LOW, PORT_LOW + 1, PORT_LOW };
        Deployment *deployment = known_deployment(known_app("shop", known_repository("shop")), "");
        Reply reply;

        bring_to(deployment, DEPLOYMENT_LIVE);
        reply = once(store_deployment_scale_up, deployment, more, ELEMENTSOF(more), &range, AS);
        cr_assert(eq(sz, reply.n_ports, 2));
        cr_expect(eq(u16, reply.ports[0], 0));
        cr_expect(eq(u16, reply.ports[1], PORT_LOW + 1));
        sees("select string_agg(concat_ws('.', process, number), ' ' order by process, number) from instance",
             "web.1 web.2 worker.1");
        lose();
        done_by(store_deployment_forget_instance, deployment->instances, AS);
        cr_expect(eq(u32, proxy.swallowed, n_expected));
        sees("select string_agg(concat_ws('.', process, number), ' ' order by process, number) from instance",
             "web.2 worker.1");
        sees("select string_agg(port::text, ' ') from port_lease", "20001");
}

Test(store_loss, a_failure_and_a_cancel_are_recorded_once)
{
        App *app = known_app("shop", known_repository("shop"));
        Deployment *failed = known_deployment(app, ""), *cancelled = known_deployment(app, "");

        once(store_deployment_move, failed, row_of(DEPLOYMENT_QUEUED, FLOW_FAILED), "why", APP_FAILED, AS);
        once(store_deployment_move, cancelled, row_of(DEPLOYMENT_QUEUED, FLOW_CANCEL), NULL, APP_FAILED, AS);
        sees("select string_agg(status || error_summary, ' ' order by id) from deployment",
             "failedwhy cancelled");
}

Test(store_loss, what_failed_fails_the_same_way_when_it_is_sent_twice)
{
        Repository *repository = known_repository("shop");
        App *app = known_app("shop", repository);
        Deployment *deployment = known_deployment(app, ""), *other = known_deployment(app, "");
        const char *before;

        record_it(deployment);
        before = strdupa(everything());
        lose();
        cr_expect(eq(int, say(store_repository_insert, "shop", URL, "", AS).error, -EEXIST));
        lose();
        cr_expect(eq(int, say(store_repository_delete, repository, AS).error, -EBUSY));
        lose();
        cr_expect(eq(int, start_it(deployment, PORT_LOW, PORT_HIGH, PORT_LOW).error, -ESTALE));
        lose();
        cr_expect(eq(int, say(store_deployment_set_release, other, 99, NULL, AS).error, -EBUSY));
        cr_expect(eq(u32, proxy.swallowed, n_expected));
        cr_expect(text_is(everything(), before));
}

Test(store_loss, a_session_ended_before_its_commit_leaves_nothing_and_the_verb_is_done_after)
{
        App *app = known_app("shop", known_repository("shop"));
        Deployment *old = known_deployment(app, ""), *new = known_deployment(app, "");
        Reply reply = {};
        StoreAsk as = asking(&reply);
        Answer terminated;

        bring_to(old, DEPLOYMENT_LIVE);
        bring_to(new, DEPLOYMENT_SWITCHING);
        must(pg, "create function slow() returns trigger language plpgsql as 'begin perform pg_sleep(0.5); "
                 "return "
                 "new; end'");
        must(pg, "create trigger slow after insert on event for each statement execute function slow()");
        cr_assert(eq(int,
                     store_deployment_go_live(store, new, row_of(DEPLOYMENT_SWITCHING, FLOW_DONE),
                                              row_of(DEPLOYMENT_LIVE, FLOW_REPLACED), &as),
                     0));
        do
                terminated = must(pg, "select pg_terminate_backend(pid)::text from pg_stat_activity where "
                                      "wait_event = 'PgSleep'");
        while (terminated.n_rows == 0);
        sees("select string_agg(status, ' ' order by id) from deployment", "live switching");
        must(pg, "drop trigger slow on event");
        await(&reply);
        cr_expect(eq(int, reply.error, 0), "%s", reply.sentence);
        sees("select string_agg(status, ' ' order by id) from deployment", "superseded live");
        sees("select count(*)::text from event where to_status = 'superseded'", "1");
}

Test(store_loss, a_verb_that_cannot_be_sent_in_time_is_never_done)
{
        Reply reply = {};
        StoreAsk as = asking(&reply);

        cluster_kill(&cluster, SIGQUIT);
        wait_for_state(through, PG_CONNECTING);
        as.deadline = 0;
        cr_assert(eq(int, store_repository_insert(store, "late", URL, "", &as), 0));
        await(&reply);
        cr_expect(eq(int, reply.error, -ETIMEDOUT));
        cluster_start(&cluster);
        wait_for_state(through, PG_CONNECTED);
        wait_for_state(pg, PG_CONNECTED);
        done_by(store_repository_insert, "shop", URL, "", AS);
        sees("select string_agg(name, ' ') from repository", "shop");
}

static void on_no_history(void *userdata _unused_, int error _unused_,
                          const DeploymentRecord *records _unused_, size_t n _unused_)
{
        cr_assert(false, "dropped, and told");
}

static void on_history_drop(void *userdata)
{
        ((Reply *) userdata)->dropped = true;
}

static void free_with_requests_under_way(unsigned turns)
{
        App *app = known_app("shop", known_repository("shop"));
        Deployment *deployment = known_deployment(app, "");
        Reply replies[5] = {};
        StoreAsk as[ELEMENTSOF(replies)];
        Model *loaded = model_new();
        const StoreAsk nobody = { .actor = ACTOR, .deadline = USEC_INFINITY };

        for (size_t i = 0; i < ELEMENTSOF(replies); i++)
                as[i] = asking(&replies[i]);
        cr_assert(eq(int, store_repository_insert(store, "one", URL, "", &as[0]), 0));
        cr_assert(eq(int, store_repository_insert(store, "two", URL, "", &nobody), 0));
        cr_assert(eq(int, store_load(store, loaded, 0, &as[1]), 0));
        cr_assert(eq(int,
                     store_deployment_move(store, deployment, row_of(DEPLOYMENT_QUEUED, FLOW_SLOT), NULL,
                                           APP_DEPLOYING, &as[2]),
                     0));
        cr_assert(eq(int,
                     store_history(store, app->id, 0, 0, 10, USEC_INFINITY, on_no_history, &replies[3],
                                   on_history_drop),
                     0));
        cr_assert(eq(int, store_deployment_forget_release(store, 1, &as[4]), 0));
        for (unsigned i = 0; i < turns; i++)
                turn();
        store = store_free(store);
        /* Each is told one way or the other, and what is dropped at once. */
        for (size_t i = 0; i < ELEMENTSOF(replies); i++)
                cr_expect(replies[i].done != replies[i].dropped, "%zu: %d %d", i, replies[i].done,
                          replies[i].dropped);
        cr_expect(replies[4].dropped);
        model_free(loaded);

        /* Nobody is told any more, and the connection is of use. */
        cr_expect(text_is(must(through, "select 'there'").text, "there"));
}

Test(store_loss, freed_with_requests_not_sent_it_drops_them_all)
{
        free_with_requests_under_way(0);
        sees("select count(*)::text from repository", "1");
}

Test(store_loss, freed_with_requests_under_way_it_drops_what_is_left)
{
        free_with_requests_under_way(2);
}

Test(store_loss, freed_halfway_through_a_load_it_drops_the_rest)
{
        free_with_requests_under_way(8);
}

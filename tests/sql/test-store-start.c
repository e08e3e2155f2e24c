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

TestSuite(store_start, .init = start, .fini = store_fixture_end, .timeout = 120);

static const StorePorts ports = { PORT_LOW, PORT_HIGH, PORT_LOW };

Test(store_start, starts_with_instances_and_ports_all_at_once)
{
        static const StoreInstance instances[] = {
                { "worker", 1, "deployd-app-shop-1.worker.1.service", false },
                { "web", 2, "deployd-app-shop-1.web.2.service", true },
                { "web", 1, "deployd-app-shop-1.web.1.service", true },
                { "clock", 1, "deployd-app-shop-1.clock.1.service", false },
        };
        static const StorePorts range = { PORT_LOW, PORT_HIGH, PORT_LOW + 2 };
        Deployment *deployment = known_deployment(app, "main");
        Reply reply;

        bring_to(deployment, DEPLOYMENT_FETCHING);
        record_it(deployment);
        reply = done_by(store_deployment_start, deployment, row_of(DEPLOYMENT_FETCHING, FLOW_DONE), 0,
                        instances, ELEMENTSOF(instances), &range, AS);
        cr_assert(eq(sz, reply.n_ports, ELEMENTSOF(instances)));
        cr_expect(eq(u16, reply.ports[0], 0));
        cr_expect(eq(u16, reply.ports[1], PORT_LOW + 2));
        cr_expect(eq(u16, reply.ports[2], PORT_LOW + 3));
        cr_expect(eq(u16, reply.ports[3], 0));
        sees("select concat_ws(' ', status, revision, image_tag, release_id, assigned_port) from deployment",
             "starting " REVISION " shop:0123456789ab-1 1 20003");
        sees("select string_agg(concat_ws(' ', process, number, port, unit), ', ' order by process, number) "
             "from "
             "instance where deployment_id = 1",
             "clock 1 deployd-app-shop-1.clock.1.service, web 1 20003 deployd-app-shop-1.web.1.service, web "
             "2 "
             "20002 deployd-app-shop-1.web.2.service, worker 1 deployd-app-shop-1.worker.1.service");
        sees("select string_agg(concat_ws(' ', port, process, number), ', ' order by port) from port_lease "
             "where deployment_id = 1",
             "20002 web 2, 20003 web 1");
        sees("select concat_ws(' ', verb, app_name, deployment_id, from_status, to_status) from event order "
             "by "
             "id desc limit 1",
             "deployment-move shop 1 fetching starting");
        cr_expect(eq(int, start_it(deployment, PORT_LOW, PORT_HIGH, PORT_LOW).error, -ESTALE),
                  "a second time");
}

Test(store_start, a_port_that_somebody_holds_is_passed_over)
{
        static const StoreInstance instances[] = {
                { "web", 1, "deployd-app-shop-1.web.1.service", true },
                { "web", 2, "deployd-app-shop-1.web.2.service", true },
        };
        static const uint64_t held[] = { PORT_LOW, PORT_LOW + 2, PORT_HIGH + 1 };
        static const StorePorts range = { PORT_LOW, PORT_HIGH, PORT_LOW, held, ELEMENTSOF(held) };
        Deployment *deployment = known_deployment(app, "main");
        Reply reply;

        bring_to(deployment, DEPLOYMENT_FETCHING);
        record_it(deployment);
        reply = done_by(store_deployment_start, deployment, row_of(DEPLOYMENT_FETCHING, FLOW_DONE), 0,
                        instances, ELEMENTSOF(instances), &range, AS);
        cr_assert(eq(sz, reply.n_ports, ELEMENTSOF(instances)));
        cr_expect(eq(u16, reply.ports[0], PORT_LOW + 1));
        cr_expect(eq(u16, reply.ports[1], PORT_LOW + 3));
}

Test(store_start, ports_that_are_all_held_are_not_enough)
{
        static const StoreInstance instances[] = { { "web", 1, "deployd-app-shop-1.web.1.service", true } };
        static const uint64_t held[] = { PORT_LOW, PORT_LOW + 1 };
        static const StorePorts range = { PORT_LOW, PORT_LOW + 1, PORT_LOW, held, ELEMENTSOF(held) };
        Deployment *deployment = known_deployment(app, "main");
        Reply reply;

        bring_to(deployment, DEPLOYMENT_FETCHING);
        record_it(deployment);
        reply = say(store_deployment_start, deployment, row_of(DEPLOYMENT_FETCHING, FLOW_DONE), 0, instances,
                    ELEMENTSOF(instances), &range, AS);
        cr_expect(eq(int, reply.error, -ESTALE));
        cr_expect(eq(u64, reply.number, 1));
}

Test(store_start, without_web_it_starts_without_a_port)
{
        static const StoreInstance instance = { "worker", 1, "deployd-app-shop-1.worker.1.service", false };
        Deployment *deployment = known_deployment(app, "main");
        Reply reply;

        bring_to(deployment, DEPLOYMENT_FETCHING);
        record_it(deployment);
        reply = done_by(store_deployment_start, deployment, row_of(DEPLOYMENT_FETCHING, FLOW_DONE), 0,
                        &instance, 1, &ports, AS);
        cr_assert(eq(sz, reply.n_ports, 1));
        cr_expect(eq(u16, reply.ports[0], 0));
        sees("select (assigned_port is null)::text from deployment", "true");
        sees("select count(*)::text from port_lease", "0");
}

Test(store_start, without_a_release_it_does_not_start)
{
        Deployment *deployment = known_deployment(app, "main");
        const char *before;
        Reply reply;

        bring_to(deployment, DEPLOYMENT_FETCHING);
        before = strdupa(everything());
        reply = start_it(deployment, PORT_LOW, PORT_HIGH, PORT_LOW);
        cr_expect(eq(int, reply.error, -EINVAL));
        cr_expect(text_is(reply.constraint, "deployment_release_if_started"), "%s", reply.constraint);
        cr_expect(text_is(everything(), before));
}

Test(store_start, the_next_port_is_the_first_free_one_after_the_last_and_then_from_the_start)
{
        static const struct {
                uint16_t next, expected;
        } cases[] = {
                { PORT_LOW + 3, PORT_LOW + 3 },
                { PORT_LOW + 3, PORT_LOW + 4 },
                { PORT_LOW + 3, PORT_LOW },
                { PORT_HIGH + 1, PORT_LOW + 1 },
                { 0, PORT_LOW + 2 },
        };
        Deployment *deployment;
        const char *before;
        Reply reply;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                deployment = known_deployment(app, "");
                bring_to(deployment, DEPLOYMENT_FETCHING);
                record_it(deployment);
                reply = start_it(deployment, PORT_LOW, PORT_HIGH, cases[i].next);
                cr_assert(eq(int, reply.error, 0), "%s", reply.sentence);
                cr_expect(eq(u16, reply.ports[0], cases[i].expected), "%zu", i);
                model_set_deployment_status(model, deployment, DEPLOYMENT_STARTING);
                bring_to(deployment, DEPLOYMENT_CANCELLED);
        }

        deployment = known_deployment(app, "");
        bring_to(deployment, DEPLOYMENT_FETCHING);
        record_it(deployment);
        before = strdupa(everything());
        reply = start_it(deployment, PORT_LOW, PORT_HIGH, PORT_LOW);
        cr_expect(eq(int, reply.error, -ESTALE), "no port is free");
        cr_expect(eq(u64, reply.number, 1), "and it says so");
        cr_expect(text_is(everything(), before));

        /* A port comes back with the end of its deployment. */
        done_by(store_deployment_forget_instances, model_deployment(model, 3), AS);
        reply = start_it(deployment, PORT_LOW, PORT_HIGH, PORT_LOW);
        cr_expect(eq(int, reply.error, 0));
        cr_expect(eq(u16, reply.ports[0], PORT_LOW));
}

Test(store_start, with_fewer_ports_free_than_it_needs_it_gets_none)
{
        static const StoreInstance instances[] = {
                { "web", 1, "deployd-app-shop-1.web.1.service", true },
                { "web", 2, "deployd-app-shop-1.web.2.service", true },
                { "worker", 1, "deployd-app-shop-1.worker.1.service", false },
        };
        static const StorePorts one_port = { PORT_LOW, PORT_LOW, PORT_LOW };
        Deployment *deployment = known_deployment(app, "main");
        const char *before;
        Reply reply;

        bring_to(deployment, DEPLOYMENT_FETCHING);
        record_it(deployment);
        before = strdupa(everything());
        reply = say(store_deployment_start, deployment, row_of(DEPLOYMENT_FETCHING, FLOW_DONE), 0, instances,
                    ELEMENTSOF(instances), &one_port, AS);
        cr_expect(eq(int, reply.error, -ESTALE));
        cr_expect(eq(u64, reply.number, 1));
        cr_expect(eq(sz, reply.n_ports, 0));
        cr_expect(text_is(everything(), before));
}

Test(store_start, two_that_start_at_once_get_two_ports)
{
        App *blog = known_app("blog", app->repository);
        Deployment *deployments[2] = { known_deployment(app, ""), known_deployment(blog, "") };
        Reply replies[2] = {};

        for (unsigned i = 0; i < 2; i++) {
                bring_to(deployments[i], DEPLOYMENT_FETCHING);
                record_it(deployments[i]);
        }
        for (unsigned i = 0; i < 2; i++) {
                _cleanup_free_ char *unit = text_format("deployd-app-x-%u.web.1.service", i);
                StoreInstance instance = { "web", 1, unit, true };
                StoreAsk as = asking(&replies[i]);

                cr_assert(eq(int,
                             store_deployment_start(store, deployments[i],
                                                    row_of(DEPLOYMENT_FETCHING, FLOW_DONE), 0, &instance, 1,
                                                    &ports, &as),
                             0));
        }
        await(&replies[1]);
        cr_expect(eq(int, replies[0].error, 0), "%s", replies[0].sentence);
        cr_expect(eq(int, replies[1].error, 0), "%s", replies[1].sentence);
        cr_expect(eq(u16, replies[0].ports[0], PORT_LOW));
        cr_expect(eq(u16, replies[1].ports[0], PORT_LOW + 1));
}

Test(store_start, goes_live_and_the_one_before_is_superseded_in_one_transaction)
{
        Deployment *old = known_deployment(app, ""), *new = known_deployment(app, "");
        Reply reply;

        bring_to(old, DEPLOYMENT_LIVE);
        sees("select concat_ws(' ', status, wanted, current_port) from app", "running running 20000");
        sees("select (finished_at is not null)::text from deployment where id = 1", "true");
        done_by(store_app_set_status, app, true, APP_STOPPED, "stop", AS);

        bring_to(new, DEPLOYMENT_SWITCHING);
        reply = done_by(store_deployment_go_live, new, row_of(DEPLOYMENT_SWITCHING, FLOW_DONE),
                        row_of(DEPLOYMENT_LIVE, FLOW_REPLACED), AS);
        sees("select string_agg(status, ' ' order by id) from deployment", "superseded live");
        sees("select concat_ws(' ', status, wanted, current_port) from app", "running running 20001");
        cr_expect(eq(
                u64, reply.at,
                (uint64_t) strtoull(look("select (extract(epoch from finished_at) * 1000000)::bigint::text "
                                         "from deployment where id = 2"),
                                    NULL, 10)));
        sees("select (finished_at < (select finished_at from deployment where id = 2))::text from "
             "deployment "
             "where id = 1",
             "true");
        sees("select count(distinct x)::text from (select xmin::text x from deployment union all select "
             "xmin::text from app) one",
             "1");
        sees("select string_agg(concat_ws(' ', deployment_id, from_status, to_status, actor_uid, operation "
             "is "
             "null), ', ' order by deployment_id) from (select * from event order by id desc limit 2) last",
             "1 live superseded 1000 t, 2 switching live 1000 f");
}

Test(store_start, going_live_touches_no_other_app)
{
        App *blog = known_app("blog", app->repository);

        bring_to(known_deployment(blog, ""), DEPLOYMENT_LIVE);
        bring_to(known_deployment(app, ""), DEPLOYMENT_LIVE);
        sees("select string_agg(status, ' ' order by id) from deployment", "live live");
        sees("select string_agg(name || ' ' || current_port, ', ' order by name) from app",
             "blog 20000, shop 20001");
}

Test(store_start, its_instances_and_ports_are_forgotten_once_and_again)
{
        Deployment *old = known_deployment(app, ""), *new = known_deployment(app, "");
        const char *before;

        bring_to(old, DEPLOYMENT_LIVE);
        bring_to(new, DEPLOYMENT_LIVE);
        done_by(store_deployment_forget_instances, old, AS);
        sees("select string_agg(deployment_id || ' ' || port, ', ') from instance", "2 20001");
        sees("select string_agg(deployment_id || ' ' || port, ', ') from port_lease", "2 20001");
        sees("select string_agg(coalesce(assigned_port, 0)::text, ' ' order by id) from deployment",
             "20000 20001");
        sees("select current_port::text from app", "20001");
        before = strdupa(everything());
        done_by(store_deployment_forget_instances, old, AS);
        cr_expect(text_is(everything(), before));

        done_by(store_deployment_forget_instances, new, AS);
        sees("select (current_port is null)::text from app", "true");
}

Test(store_start, its_release_is_forgotten_once_and_again_but_not_while_it_is_live)
{
        Deployment *old = known_deployment(app, ""), *new = known_deployment(app, "");
        const char *before;
        Reply reply;

        bring_to(old, DEPLOYMENT_LIVE);
        bring_to(new, DEPLOYMENT_LIVE);
        done_by(store_deployment_forget_release, old->id, AS);
        sees("select string_agg(concat_ws(' ', id, coalesce(release_id, 0)), ', ' order by id) from "
             "deployment",
             "1 0, 2 2");
        sees("select string_agg(id::text, ' ') from release", "2");
        before = strdupa(everything());
        done_by(store_deployment_forget_release, old->id, AS);
        reply = say(store_deployment_forget_release, new->id, AS);
        cr_expect(eq(int, reply.error, 0));
        cr_expect(eq(u64, reply.number, 0));
        cr_expect(text_is(everything(), before));
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/text.h"
#include "store-fixture.h"

static Deployment *live;

static void start(void)
{
        store_fixture_start();
        live = known_deployment(known_app("shop", known_repository("shop")), "");
        bring_to(live, DEPLOYMENT_LIVE);
}

TestSuite(store_scale, .init = start, .fini = store_fixture_end, .timeout = 120);

static const StorePorts ports = { PORT_LOW, PORT_HIGH, PORT_LOW };
static const StoreInstance web_1 = { "web", 1, "deployd-app-shop-1.web.1.service", true },
                           web_2 = { "web", 2, "deployd-app-shop-1.web.2.service", true },
                           worker_1 = { "worker", 1, "deployd-app-shop-1.worker.1.service", false };

/* PROCESS.NUMBER:PORT of the rows and of the leases. */
static void sees_instances(const char *instances, const char *leases)
{
        sees("select coalesce(string_agg(process || '.' || number || ':' || coalesce(port, 0), ' ' "
             "order by process, number), '') from instance",
             instances);
        sees("select coalesce(string_agg(process || '.' || number || ':' || port, ' ' order by process, number), '') "
             "from port_lease",
             leases);
}

Test(store_scale, up_it_gets_more_instances_and_stays_what_it_is)
{
        const StoreInstance more[] = { worker_1, web_2 };
        Reply reply;

        reply = done_by(store_deployment_scale_up, live, more, ELEMENTSOF(more), &ports, AS);
        cr_assert(eq(sz, reply.n_ports, 2));
        cr_expect(eq(u16, reply.ports[0], 0));
        cr_expect(eq(u16, reply.ports[1], PORT_LOW + 1));
        sees_instances("web.1:20000 web.2:20001 worker.1:0", "web.1:20000 web.2:20001");
        sees("select concat_ws(' ', status, assigned_port, finished_at is not null) from deployment",
             "live 20000 t");
        sees("select concat_ws(' ', status, current_port) from app", "running 20000");
        sees("select concat_ws(' ', verb, app_name, deployment_id, actor_uid) from event order by id desc limit 1",
             "scale shop 1 1000");
}

Test(store_scale, up_by_what_is_there_or_without_a_free_port_it_changes_nothing)
{
        const StorePorts taken = { PORT_LOW, PORT_LOW, PORT_LOW };
        const StoreInstance more[] = { worker_1, web_2 };
        const char *before = strdupa(everything());
        Reply reply;

        cr_expect(eq(int, say(store_deployment_scale_up, live, &web_1, 1, &ports, AS).error, -EEXIST));
        reply = say(store_deployment_scale_up, live, more, ELEMENTSOF(more), &taken, AS);
        cr_expect(eq(int, reply.error, -ESTALE));
        cr_expect(eq(u64, reply.number, 1));
        cr_expect(eq(sz, reply.n_ports, 0));
        cr_expect(text_is(everything(), before));
}

Test(store_scale, up_one_that_is_not_live_any_more_changes_nothing)
{
        const char *before;
        Reply reply;

        must(pg, "update deployment set status = 'superseded'");
        before = strdupa(everything());
        reply = say(store_deployment_scale_up, live, &web_2, 1, &ports, AS);
        cr_expect(eq(int, reply.error, -ESTALE));
        cr_expect(eq(u64, reply.number, 0), "it is not for want of ports");
        cr_expect(text_is(everything(), before));
}

Test(store_scale, down_one_instance_is_forgotten_with_its_port_once_and_again)
{
        const StoreInstance more[] = { worker_1, web_2 };
        Instance *second;
        const char *before;

        done_by(store_deployment_scale_up, live, more, ELEMENTSOF(more), &ports, AS);
        second = instance_new(live, "web", 2, PORT_LOW + 1);
        cr_assert(eq(u64, done_by(store_deployment_forget_instance, second, AS).number, 1));
        sees_instances("web.1:20000 worker.1:0", "web.1:20000");
        sees("select current_port::text from app", "20000");
        before = strdupa(everything());
        cr_assert(eq(u64, done_by(store_deployment_forget_instance, second, AS).number, 0));
        cr_expect(text_is(everything(), before));
}

Test(store_scale, the_port_of_an_app_is_that_of_its_first_web_instance)
{
        const StorePorts next = { PORT_LOW, PORT_HIGH, PORT_LOW + 3 };

        done_by(store_deployment_forget_instance, live->instances, AS);
        sees_instances("", "");
        sees("select concat_ws(' ', current_port is null) from app", "t");
        sees("select assigned_port::text from deployment", "20000");

        done_by(store_deployment_scale_up, live, &worker_1, 1, &ports, AS);
        sees("select concat_ws(' ', current_port is null) from app", "t");
        done_by(store_deployment_scale_up, live, &web_1, 1, &next, AS);
        sees("select current_port::text from app", "20003");
        sees("select assigned_port::text from deployment", "20003");
        sees_instances("web.1:20003 worker.1:0", "web.1:20003");
}

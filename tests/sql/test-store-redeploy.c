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

static Variable variables[] = { { (char[]){ "KEY" }, (char[]){ "secret" } },
                                { (char[]){ "URL" }, (char[]){ "" } } };
static const Variables two = { variables, 2 }, one = { variables, 1 }, none = {};

Test(store_redeploy, without_anything_live_the_environment_is_only_kept)
{
        Reply reply = done_by(store_deployment_redeploy, app, 0, &two, 1, AS);

        cr_expect(eq(u64, reply.id, 0));
        sees("select string_agg(app_id || name || convert_from(value, 'UTF8') || key_id, ' ' order by name) from environment",
             "1KEYsecret0 1URL0");
        sees("select count(*)::text from deployment", "0");
        sees("select concat_ws(' ', operation is not null, actor_uid, verb, app_name, deployment_id is null, detail) from event order by id desc limit 1",
             "t 1000 environment-set shop t KEY URL");
}

Test(store_redeploy, an_environment_is_replaced_whole_and_is_one_apps)
{
        App *other = known_app("blog", app->repository);

        done_by(store_deployment_redeploy, app, 0, &two, 1, AS);
        done_by(store_deployment_redeploy, other, 0, &two, 1, AS);
        variables[0].value = (char[]){ "other" };
        done_by(store_deployment_redeploy, app, 0, &one, 1, AS);
        sees("select string_agg(app_id || name || convert_from(value, 'UTF8'), ' ' order by app_id, name) from environment",
             "1KEYother 2KEYsecret 2URL");
        done_by(store_deployment_redeploy, app, 0, &none, 1, AS);
        sees("select string_agg(app_id || name, ' ' order by app_id, name) from environment", "2KEY 2URL");
        sees("select string_agg(detail, '|' order by id) from event where verb = 'environment-set' and app_name = 'shop'",
             "KEY URL|KEY|");
}

Test(store_redeploy, no_value_is_ever_in_an_event)
{
        done_by(store_deployment_redeploy, app, 0, &two, 1, AS);
        sees("select count(*)::text from event where event::text like '%secret%'", "0");
}

Test(store_redeploy, what_is_live_is_queued_again_with_its_release)
{
        Deployment *live = known_deployment(app, "main"), *again;
        StoreInstance instance = { "web", 1, "deployd-app-shop-2.web.1.service", true };
        StorePorts range = { PORT_LOW, PORT_HIGH, PORT_LOW };
        Reply reply;

        bring_to(live, DEPLOYMENT_LIVE);
        reply = done_by(store_deployment_redeploy, app, 0, NULL, 1, AS);
        cr_expect(eq(u64, reply.id, 2));
        sees("select concat_ws(' ', kind, status, requested_revision, revision, image_tag, release_id, requested_by, started_at is null) from deployment where id = 2",
             "redeploy queued main " REVISION " shop:0123456789ab-1 1 1000 t");
        sees("select concat_ws(' ', verb, app_name, deployment_id, detail = '') from event order by id desc limit 1",
             "redeploy shop 2 t");

        again = deployment_new(app, reply.id);
        again->release_id = 1;
        cr_assert(eq(int, model_add_deployment(model, again), 0));
        reply = done_by(store_deployment_start, again, row_of(DEPLOYMENT_QUEUED, FLOW_REUSE), &instance, 1,
                        &range, AS);
        cr_expect(eq(u16, reply.ports[0], PORT_LOW + 1));
        sees("select concat_ws(' ', status, release_id, assigned_port, started_at is not null) from deployment where id = 2",
             "starting 1 20001 t");
        sees("select string_agg(id::text, ' ') from release", "1");
}

Test(store_redeploy, a_full_queue_changes_nothing_not_even_the_environment)
{
        const char *before;

        bring_to(known_deployment(app, ""), DEPLOYMENT_LIVE);
        known_deployment(app, "");
        before = strdupa(everything());
        cr_expect(eq(int, say(store_deployment_redeploy, app, 0, &two, 1, AS).error, -ESTALE));
        cr_expect(eq(int, say(store_deployment_redeploy, app, 0, NULL, 1, AS).error, -ESTALE));
        cr_expect(text_is(everything(), before));
}

Test(store_redeploy, what_is_no_longer_live_is_not_queued)
{
        bring_to(known_deployment(app, ""), DEPLOYMENT_LIVE);
        must(pg, "update deployment set status = 'superseded'");
        cr_expect(eq(u64, done_by(store_deployment_redeploy, app, 0, &two, 1, AS).id, 0));
        sees("select count(*)::text from deployment", "1");
        sees("select count(*)::text from environment", "2");
}

Test(store_redeploy, of_an_app_that_is_gone_an_environment_is_refused)
{
        const char *before;

        done_by(store_app_delete, app, AS);
        before = strdupa(everything());
        cr_expect(eq(int, say(store_deployment_redeploy, app, 0, &two, 1, AS).error, -EBUSY));
        cr_expect(text_is(everything(), before));
}

Test(store_redeploy, a_name_the_schema_does_not_allow_is_invalid_and_nothing_is_written)
{
        static const char *const names[] = { "", "1A", "A-B", "A B", "A=B", "A\nB" };
        const char *before = strdupa(everything());

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                char *name = strdupa(names[i]);
                Variable variable = { name, name };
                Variables bad = { &variable, 1 };

                cr_expect(eq(int, say(store_deployment_redeploy, app, 0, &bad, 1, AS).error, -EINVAL), "%s",
                          names[i]);
        }
        cr_expect(text_is(everything(), before));
}

/* Three deployments of the app, the last of them live; the first has lost its release. */
static void make_history(void)
{
        for (unsigned i = 0; i < 3; i++)
                bring_to(known_deployment(app, "main"), DEPLOYMENT_LIVE);
        done_by(store_deployment_forget_release, 1, AS);
}

Test(store_redeploy, an_earlier_release_is_queued_again)
{
        Reply reply;

        make_history();
        reply = done_by(store_deployment_redeploy, app, 2, NULL, 9, AS);
        cr_expect(eq(u64, reply.id, 4));
        cr_expect(eq(u64, reply.number, 2));
        sees("select concat_ws(' ', kind, status, requested_revision, release_id, requested_by) from deployment where id = 4",
             "rollback queued main 2 1000");
        sees("select concat_ws(' ', verb, app_name, deployment_id) from event order by id desc limit 1",
             "rollback shop 4");
}

Test(store_redeploy, a_release_that_is_not_kept_or_somebody_elses_is_not_there)
{
        App *other = known_app("other", app->repository);

        make_history();
        cr_expect(eq(u64, done_by(store_deployment_redeploy, app, 1, NULL, 9, AS).id, 0));
        cr_expect(eq(u64, done_by(store_deployment_redeploy, app, 99, NULL, 9, AS).id, 0));
        cr_expect(eq(u64, done_by(store_deployment_redeploy, other, 2, NULL, 9, AS).id, 0));
        sees("select count(*)::text from deployment", "3");
}

Test(store_redeploy, a_release_is_not_forgotten_while_something_runs_it_or_is_about_to)
{
        make_history();
        cr_expect(eq(u64, done_by(store_deployment_forget_release, 3, AS).number, 0)); /* live */
        done_by(store_deployment_redeploy, app, 2, NULL, 9, AS);
        cr_expect(eq(u64, done_by(store_deployment_forget_release, 2, AS).number, 0)); /* queued */
        sees("select string_agg(id::text, ' ' order by id) from release", "2 3");
        cr_expect(eq(u64, done_by(store_deployment_forget_release, 1, AS).number, 0)); /* gone before */
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/text.h"
#include "loss.h"
#include "shop.h"

static const Variables none = {};

TestSuite(store_environment, .init = start, .fini = store_fixture_end, .timeout = 120);

Test(store_environment, staged_it_is_the_apps_and_nothing_is_deployed)
{
        Reply reply;

        make_live();
        reply = done_by(store_environment_set, app, &two, STORE_ENVIRONMENT_STAGE, 0, AS);
        cr_expect(eq(u64, reply.id, 0));
        cr_expect(eq(u64, reply.number, 1));
        sees(VERSIONS, "1 0 0 KEY=secret URL=");
        sees(USED, "1 | 0");
        sees("select concat_ws(' ', operation is not null, actor_uid, verb, app_name, deployment_id is null, detail) from event order by id desc limit 1",
             "t 1000 environment-stage shop t KEY URL");
}

Test(store_environment, set_for_a_stopped_app_its_live_deployment_has_it_at_once)
{
        Reply reply;

        make_live();
        make_live();
        reply = done_by(store_environment_set, app, &one, STORE_ENVIRONMENT_LIVE, 0, AS);
        cr_expect(eq(u64, reply.id, 0));
        cr_expect(eq(u64, reply.number, 1));
        sees(USED, "1 | 0 1");
        sees("select concat_ws(' ', verb, deployment_id is null, detail) from event order by id desc limit 1",
             "environment-set t KEY");
}

Test(store_environment, set_with_a_deployment_that_brings_it)
{
        Reply reply;

        make_live();
        reply = done_by(store_environment_set, app, &one, STORE_ENVIRONMENT_DEPLOY, 1, AS);
        cr_expect(eq(u64, reply.id, 2));
        cr_expect(eq(u64, reply.number, 1));
        sees(VERSIONS, "1 0 2 KEY=secret");
        sees(USED, "1 | 0 0");
        sees("select concat_ws(' ', kind, status, requested_revision, requested_by, release_id is null) from deployment where id = 2",
             "redeploy queued main 1000 t");
        sees("select concat_ws(' ', verb, app_name, deployment_id, detail) from event order by id desc limit 1",
             "environment-set shop 2 KEY");
}

Test(store_environment, a_deployment_begins_with_the_version_that_it_brings)
{
        Deployment *first;

        make_live();
        known_environment(app, &two, STORE_ENVIRONMENT_DEPLOY);
        first = newest();
        known_environment(app, &one, STORE_ENVIRONMENT_DEPLOY);
        sees(VERSIONS, "1 0 2 KEY=secret URL=, 2 1 3 KEY=secret");
        cr_assert(eq(int, start_again(first, 1).error, 0));
        sees(USED, "2 | 0 1 0");
        bring_to(first, DEPLOYMENT_LIVE);
        cr_assert(eq(int, start_again(newest(), 1).error, 0));
        sees(USED, "2 | 0 1 2");
        /* A deploy brings none: it has the app's. */
        bring_to(newest(), DEPLOYMENT_LIVE);
        bring_to(known_deployment(app, ""), DEPLOYMENT_FETCHING);
        sees(USED, "2 | 0 1 2 2");
}

Test(store_environment, an_environment_is_replaced_whole_and_is_one_apps)
{
        App *other = known_app("blog", app->repository);

        known_environment(app, &two, STORE_ENVIRONMENT_STAGE);
        known_environment(other, &two, STORE_ENVIRONMENT_STAGE);
        variables[0].value = (char[]){ "other" };
        known_environment(app, &one, STORE_ENVIRONMENT_STAGE);
        known_environment(app, &none, STORE_ENVIRONMENT_STAGE);
        sees(VERSIONS, "1 0 0 KEY=secret URL=, 2 0 0 KEY=secret URL=, 3 1 0 KEY=other, 4 3 0");
        sees("select string_agg(environment_id::text, ' ' order by id) from app", "4 2");
        sees("select string_agg(detail, '|' order by id) from event where verb = 'environment-stage' and app_name = 'shop'",
             "KEY URL|KEY|");
}

Test(store_environment, no_value_is_ever_in_an_event)
{
        Deployment *deployment;

        make_live();
        deployment = known_deployment(app, "");
        bring_to(deployment, DEPLOYMENT_FETCHING);
        done_by(store_environment_default, deployment, &two, AS);
        for (StoreEnvironmentUse use = STORE_ENVIRONMENT_UNSET + 1; use < STORE_ENVIRONMENT_MAX; use++)
                done_by(store_environment_set, app, &two, use, 100, AS);
        sees("select count(*)::text from event where event::text like '%KEY%'", "4");
        sees("select count(*)::text from event where event::text like '%secret%'", "0");
}

Test(store_environment, a_full_queue_changes_nothing_but_only_a_deployment_needs_it)
{
        const char *before;

        make_live();
        known_deployment(app, "");
        before = strdupa(everything());
        cr_expect(eq(int, say(store_environment_set, app, &two, STORE_ENVIRONMENT_DEPLOY, 1, AS).error,
                     -ESTALE));
        cr_expect(text_is(everything(), before));
        done_by(store_environment_set, app, &two, STORE_ENVIRONMENT_STAGE, 1, AS);
        done_by(store_environment_set, app, &two, STORE_ENVIRONMENT_LIVE, 1, AS);
}

Test(store_environment, of_an_app_that_is_gone_it_is_refused)
{
        Deployment *deployment = known_deployment(app, "");
        const char *before;

        done_by(store_app_delete, app, KEEP_USEC, AS);
        before = strdupa(everything());
        for (StoreEnvironmentUse use = STORE_ENVIRONMENT_UNSET + 1; use < STORE_ENVIRONMENT_MAX; use++)
                cr_expect(eq(int, say(store_environment_set, app, &two, use, 1, AS).error, -EBUSY), "%d",
                          use);
        cr_expect(eq(int, say(store_environment_default, deployment, &two, AS).error, -ESTALE));
        cr_expect(text_is(everything(), before));
}

Test(store_environment, a_name_the_schema_does_not_allow_is_invalid_and_nothing_is_written)
{
        static const char *const names[] = { "", "1A", "A-B", "A B", "A=B", "A\nB" };
        const char *before = strdupa(everything());

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                char *name = strdupa(names[i]);
                Variable variable = { name, name };
                Variables bad = { &variable, 1 };

                cr_expect(eq(int,
                             say(store_environment_set, app, &bad, STORE_ENVIRONMENT_STAGE, 1, AS).error,
                             -EINVAL),
                          "%s", names[i]);
        }
        cr_expect(text_is(everything(), before));
}

Test(store_environment, a_deployment_that_fails_or_is_cancelled_takes_its_version_back)
{
        make_live();
        known_environment(app, &one, STORE_ENVIRONMENT_LIVE);
        known_environment(app, &two, STORE_ENVIRONMENT_DEPLOY);
        bring_to(newest(), DEPLOYMENT_CANCELLED);
        sees(USED, "1 | 1 0");
        app->environment = environment_version_find(app, 1);

        known_environment(app, &two, STORE_ENVIRONMENT_DEPLOY);
        cr_assert(eq(int, start_again(newest(), 1).error, 0));
        sees(USED, "3 | 1 0 3");
        bring_to(newest(), DEPLOYMENT_FAILED);
        sees(USED, "1 | 1 0 3");
        /* The status of the app need not change for that. */
        sees("select string_agg(status, ' ') from app", "deploying");
}

Test(store_environment, with_the_first_version_it_goes_back_to_none)
{
        make_live();
        known_environment(app, &two, STORE_ENVIRONMENT_DEPLOY);
        bring_to(newest(), DEPLOYMENT_CANCELLED);
        sees("select (environment_id is null)::text from app", "true");
}

Test(store_environment, while_nothing_is_live_nothing_is_taken_back)
{
        known_environment(app, &two, STORE_ENVIRONMENT_DEPLOY);
        bring_to(newest(), DEPLOYMENT_CANCELLED);
        sees(USED, "1 | 0");
        /* Another app's live deployment is none of it. */
        bring_to(known_deployment(known_app("blog", app->repository), ""), DEPLOYMENT_LIVE);
        known_environment(app, &one, STORE_ENVIRONMENT_DEPLOY);
        bring_to(newest(), DEPLOYMENT_CANCELLED);
        sees("select environment_id::text from app where id = 1", "2");
}

Test(store_environment, what_was_set_since_stays_and_has_another_base)
{
        Deployment *first;

        make_live();
        known_environment(app, &one, STORE_ENVIRONMENT_LIVE);
        known_environment(app, &two, STORE_ENVIRONMENT_DEPLOY);
        first = newest();
        known_environment(app, &none, STORE_ENVIRONMENT_DEPLOY);
        sees(VERSIONS, "1 0 0 KEY=secret, 2 1 2 KEY=secret URL=, 3 2 3");
        bring_to(first, DEPLOYMENT_FAILED);
        sees(USED, "3 | 1 0 0");
        sees(VERSIONS, "1 0 0 KEY=secret, 2 1 2 KEY=secret URL=, 3 1 3");
        /* So that it goes back to the first when this one fails, too. */
        bring_to(newest(), DEPLOYMENT_FAILED);
        sees(USED, "1 | 1 0 0");
}

Test(store_environment, a_deployment_that_succeeds_takes_nothing_back)
{
        make_live();
        known_environment(app, &two, STORE_ENVIRONMENT_DEPLOY);
        cr_assert(eq(int, start_again(newest(), 1).error, 0));
        bring_to(newest(), DEPLOYMENT_LIVE);
        sees(USED, "1 | 0 1");
        /* Nor does another one that fails. */
        bring_to(known_deployment(app, ""), DEPLOYMENT_FAILED);
        sees(USED, "1 | 0 1 0");
}

Test(store_environment, a_version_is_forgotten_once_and_again_but_not_while_it_is_in_use)
{
        const char *before;

        make_live();
        known_environment(app, &two, STORE_ENVIRONMENT_LIVE);
        make_live();
        known_environment(app, &one, STORE_ENVIRONMENT_STAGE);
        sees(USED, "2 | 1 1");
        before = strdupa(everything());
        cr_expect(eq(int, say(store_environment_forget, 1, AS).error, -EBUSY), "the live one has it");
        cr_expect(eq(int, say(store_environment_forget, 2, AS).error, -EBUSY), "the app has it");
        cr_expect(text_is(everything(), before));

        make_live();
        sees(USED, "2 | 1 1 2");
        done_by(store_environment_forget, 1, AS);
        sees(VERSIONS, "2 0 0 KEY=secret");
        sees(USED, "2 | 0 0 2");
        before = strdupa(everything());
        done_by(store_environment_forget, 1, AS);
        cr_expect(text_is(everything(), before));
}

Test(store_environment, sent_twice_it_is_set_once)
{
        Reply reply;

        make_live();
        reply = once(store_environment_set, app, &one, STORE_ENVIRONMENT_STAGE, 1, AS);
        cr_expect(eq(u64, reply.id, 0));
        cr_expect(eq(u64, reply.number, 1));
        reply = once(store_environment_set, app, &none, STORE_ENVIRONMENT_LIVE, 1, AS);
        cr_expect(eq(u64, reply.id, 0));
        cr_expect(eq(u64, reply.number, 2));
        /* The queue has room for one: the second run finds it full, of its own. */
        reply = once(store_environment_set, app, &two, STORE_ENVIRONMENT_DEPLOY, 1, AS);
        cr_expect(eq(u64, reply.id, 2));
        cr_expect(eq(u64, reply.number, 3));
        sees(VERSIONS, "1 0 0 KEY=secret, 2 1 0, 3 2 2 KEY=secret URL=");
        sees(USED, "3 | 2 0");
}

Test(store_environment, sent_twice_the_live_deployment_is_applied_to_and_begins_are_once)
{
        Deployment *again;
        Reply reply;

        make_live();
        make_live();
        known_environment(app, &one, STORE_ENVIRONMENT_STAGE);
        reply = once(store_app_apply, app, AS);
        cr_expect(eq(u64, reply.id, 2));
        sees(USED, "1 | 0 1");
        known_environment(app, &two, STORE_ENVIRONMENT_STAGE);
        again = known_again(app, DEPLOYMENT_ROLLBACK, 1);
        lose();
        cr_assert(eq(int, start_again(again, 1).error, 0));
        cr_expect(eq(u32, proxy.swallowed, n_expected));
        sees(USED, "2 | 0 1 2");
        sees("select concat_ws(' ', status, release_id, assigned_port) from deployment where id = 3",
             "starting 1 20002");
}

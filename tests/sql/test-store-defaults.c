/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "loss.h"
#include "shop.h"

/* Values of app.json for variables that are not set. */

TestSuite(store_defaults, .init = start, .fini = store_fixture_end, .timeout = 120);

static Variable default_items[] = { { (char[]){ "KEY" }, (char[]){ "other" } },
                                    { (char[]){ "THIRD" }, (char[]){ "other" } } };
static const Variables defaults = { default_items, ELEMENTSOF(default_items) };

Test(store_defaults, defaults_make_a_further_version_and_leave_the_live_ones_alone)
{
        Deployment *deployment;
        Reply reply;

        make_live();
        known_environment(app, &two, STORE_ENVIRONMENT_LIVE);
        deployment = known_deployment(app, "");
        bring_to(deployment, DEPLOYMENT_FETCHING);
        sees(USED, "1 | 1 1");
        reply = done_by(store_environment_default, deployment, &defaults, AS);
        cr_expect(eq(u64, reply.number, 2));
        sees(VERSIONS, "1 0 0 KEY=secret URL=, 2 1 2 KEY=secret THIRD=other URL=");
        sees(USED, "2 | 1 2");
        sees("select concat_ws(' ', verb, app_name, detail) from event order by id desc limit 1",
             "environment-default shop KEY THIRD");

        /* Begun once more after a crash: the version is there, and gets what is missing. */
        must(pg, "delete from environment where version_id = 2 and name = 'THIRD'");
        reply = done_by(store_environment_default, deployment, &defaults, AS);
        cr_expect(eq(u64, reply.number, 2));
        sees(VERSIONS, "1 0 0 KEY=secret URL=, 2 1 2 KEY=secret THIRD=other URL=");

        bring_to(deployment, DEPLOYMENT_FAILED);
        sees(USED, "1 | 1 2");
}

Test(store_defaults, defaults_are_the_first_version_of_an_app_without_variables)
{
        Deployment *deployment = known_deployment(app, "");

        bring_to(deployment, DEPLOYMENT_FETCHING);
        done_by(store_environment_default, deployment, &defaults, AS);
        sees(VERSIONS, "1 0 1 KEY=other THIRD=other");
        sees(USED, "1 | 1");
}

Test(store_defaults, defaults_go_to_what_was_staged_meanwhile_too)
{
        Deployment *deployment = known_deployment(app, "");

        bring_to(deployment, DEPLOYMENT_FETCHING);
        known_environment(app, &two, STORE_ENVIRONMENT_STAGE);
        done_by(store_environment_default, deployment, &defaults, AS);
        sees(VERSIONS, "1 0 0 KEY=secret THIRD=other URL=, 2 0 1 KEY=other THIRD=other");
        sees(USED, "1 | 2");
}

Test(store_defaults, defaults_do_not_go_to_the_live_ones_version_that_the_app_has_gone_back_to)
{
        Deployment *deployment;

        make_live();
        known_environment(app, &one, STORE_ENVIRONMENT_LIVE);
        deployment = known_deployment(app, "");
        known_environment(app, &two, STORE_ENVIRONMENT_DEPLOY);
        bring_to(deployment, DEPLOYMENT_FETCHING);
        bring_to(newest(), DEPLOYMENT_CANCELLED);
        sees(USED, "1 | 1 2 0");
        done_by(store_environment_default, deployment, &defaults, AS);
        sees(VERSIONS, "1 0 0 KEY=secret, 2 1 3 KEY=secret URL=, 3 2 2 KEY=secret THIRD=other URL=");
        sees(USED, "1 | 1 3 0");
}

Test(store_defaults, sent_twice_defaults_are_set_and_versions_taken_back_and_forgotten_once)
{
        Deployment *deployment;
        Reply reply;

        make_live();
        known_environment(app, &one, STORE_ENVIRONMENT_LIVE);
        deployment = known_deployment(app, "");
        bring_to(deployment, DEPLOYMENT_FETCHING);
        lose();
        reply = done_by(store_environment_default, deployment, &defaults, AS);
        cr_expect(eq(u32, proxy.swallowed, n_expected));
        cr_expect(eq(u64, reply.number, 2));
        sees(VERSIONS, "1 0 0 KEY=secret, 2 1 2 KEY=secret THIRD=other");
        sees("select count(*)::text from event where verb = 'environment-default'", "1");

        once(store_deployment_move, deployment, row_of(DEPLOYMENT_FETCHING, FLOW_FAILED), "why", APP_RUNNING,
             AS);
        sees(USED, "1 | 1 2");
        lose();
        done_by(store_environment_forget, 2, AS);
        cr_expect(eq(u32, proxy.swallowed, n_expected));
        sees(USED, "1 | 1 0");
        sees(VERSIONS, "1 0 0 KEY=secret");
}

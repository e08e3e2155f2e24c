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

TestSuite(store_release, .init = start, .fini = store_fixture_end, .timeout = 120);

Test(store_release, is_recorded_with_all_that_is_known_of_it)
{
        Deployment *deployment = known_deployment(app, "main");
        Reply reply;

        bring_to(deployment, DEPLOYMENT_FETCHING);
        reply = record_it(deployment);
        sees("select concat_ws(' ', status, revision, image_tag, release_id) from deployment",
             "fetching " REVISION " shop:0123456789ab-1 1");
        sees("select concat_ws(' ', id, app_id, revision, image_tag, digest, files, bytes) from release",
             "1 1 " REVISION " shop:0123456789ab-1 " DIGEST " 3 4096");
        sees("select concat_ws(' ', processes, build_key, buildpack, formation) from release",
             "{web,worker} " BUILD_KEY " node {web=1,worker=9999}");
        sees("select concat_ws(' ', health_check_path, health_check_attempts, health_check_timeout_usec, "
             "health_check_wait_usec) from release",
             "/up 7 8 9");
        cr_expect(eq(
                u64, reply.at,
                (uint64_t) strtoull(look("select (extract(epoch from created_at) * 1000000)::bigint::text "
                                         "from release"),
                                    NULL, 10)));
}

Test(store_release, of_a_tree_that_says_nothing_nothing_is_said)
{
        Deployment *deployment = known_deployment(app, "main");
        _cleanup_(release_freep) Release *release = release_new();
        StoreRelease made = { DIGEST, 0, 0, release };

        cr_assert(eq(int, text_replace(&deployment->revision, REVISION), 0));
        cr_assert(eq(int, text_replace(&deployment->image_tag, "shop:0123456789ab-1"), 0));
        done_by(store_deployment_set_release, deployment, deployment->id, &made, AS);
        sees("select concat_ws(' ', processes, build_key = '', buildpack = '', formation, health_check_path = '', "
             "health_check_attempts, health_check_timeout_usec, health_check_wait_usec) from release",
             "{} t t {} t 0 0 0");
}

Test(store_release, recorded_again_it_is_what_it_was)
{
        Deployment *deployment = known_deployment(app, "main");
        const char *before;

        record_it(deployment);
        before = strdupa(everything());
        record_it(deployment);
        cr_expect(text_is(everything(), before));
}

/* The first has built, the second has found that and runs it. */
static Deployment *reuse(void)
{
        Deployment *old = known_deployment(app, "main"), *new = known_deployment(app, "v2");

        bring_to(old, DEPLOYMENT_LIVE);
        bring_to(new, DEPLOYMENT_FETCHING);
        cr_assert(eq(int, text_replace(&new->revision, REVISION), 0));
        cr_assert(eq(int, text_replace(&new->image_tag, old->image_tag), 0));
        return new;
}

Test(store_release, of_another_deployment_is_run_and_is_kept_for_that)
{
        Deployment *new = reuse();
        const char *before;

        done_by(store_deployment_set_release, new, 1, NULL, AS);
        sees("select concat_ws(' ', status, requested_revision, revision, image_tag, release_id) from deployment "
             "where id = 2",
             "fetching v2 " REVISION " shop:0123456789ab-1 1");
        sees("select string_agg(id::text, ' ') from release", "1");
        before = strdupa(everything());
        done_by(store_deployment_set_release, new, 1, NULL, AS);
        cr_expect(text_is(everything(), before), "once and again");

        must(pg, "update deployment set status = 'superseded' where id = 1");
        cr_expect(eq(u64, done_by(store_deployment_forget_release, 1, AS).number, 0), "it is about to run");
        cr_assert(eq(int, start_it(new, PORT_LOW, PORT_HIGH, PORT_LOW).error, 0));
        sees("select concat_ws(' ', status, release_id) from deployment where id = 2", "starting 1");
}

Test(store_release, that_is_not_kept_any_more_or_another_apps_is_not_run)
{
        Deployment *new = reuse(), *foreign;
        const char *before;
        Reply reply;

        foreign = known_deployment(known_app("blog", app->repository), "");
        record_it(foreign);
        must(pg, "update deployment set status = 'superseded' where id = 1");
        cr_assert(eq(u64, done_by(store_deployment_forget_release, 1, AS).number, 1));
        before = strdupa(everything());
        reply = say(store_deployment_set_release, new, 1, NULL, AS);
        cr_expect(eq(int, reply.error, -EBUSY));
        cr_expect(text_is(reply.constraint, "deployment_release_of_app"), "%s", reply.constraint);
        cr_expect(eq(int, say(store_deployment_set_release, new, foreign->id, NULL, AS).error, -EBUSY));
        cr_expect(text_is(everything(), before));
}

Test(store_release, that_the_schema_does_not_allow_is_invalid_and_nothing_is_written)
{
        Deployment *deployment = known_deployment(app, "main");
        const char *before = strdupa(everything());

        cr_assert(eq(int, text_replace(&deployment->revision, REVISION), 0));
        cr_assert(eq(int, text_replace(&deployment->image_tag, "shop:0123456789ab-1"), 0));
        for (unsigned i = 0; i < 6; i++) {
                _cleanup_(release_freep) Release *release = release_new();
                StoreRelease made = { DIGEST, 0, 0, release };

                if (i == 0)
                        made.digest = "0123";
                else if (i == 1)
                        cr_assert(eq(int, text_replace(&release->build_key, "0123"), 0));
                else if (i == 2)
                        cr_assert(eq(int, text_replace(&release->buildpack, "a\nb"), 0));
                else if (i == 3)
                        cr_assert(eq(int, text_replace(&release->health.path, "up"), 0));
                else if (i == 4)
                        cr_assert(eq(int, formation_set(&release->formation, "_web", 1), 0));
                else
                        cr_assert(eq(int, formation_set(&release->processes, "_web", 1), 0));
                cr_expect(eq(int,
                             say(store_deployment_set_release, deployment, deployment->id, &made, AS).error,
                             -EINVAL),
                          "%u", i);
        }
        cr_expect(text_is(everything(), before));
}

Test(store_release, of_a_deployment_that_is_gone_is_not_recorded)
{
        Deployment *deployment = known_deployment(app, "main");
        _cleanup_(release_freep) Release *release = release_new();
        StoreRelease made = { DIGEST, 0, 0, release };
        const char *before;

        cr_assert(eq(int, text_replace(&deployment->revision, REVISION), 0));
        cr_assert(eq(int, text_replace(&deployment->image_tag, "shop:0123456789ab-1"), 0));
        done_by(store_app_delete, app, KEEP_USEC, AS);
        before = strdupa(everything());
        cr_expect(eq(int, say(store_deployment_set_release, deployment, deployment->id, &made, AS).error,
                     -EBUSY));
        cr_expect(eq(int, say(store_deployment_set_release, deployment, 77, NULL, AS).error, -ESTALE));
        cr_expect(text_is(everything(), before));
}

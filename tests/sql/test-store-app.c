/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/text.h"
#include "store-fixture.h"

TestSuite(store_app, .init = store_fixture_start, .fini = store_fixture_end, .timeout = 120);

/* Each setting is in the column of its own: what all_settings has there, in two halves. */
static void sees_all_settings(void)
{
        sees("select concat_ws('|', access_mode, branch, directory, stop_timeout_usec, memory_max, tasks_max, "
             "cpu_quota_usec, keep_releases) from app",
             "internal|release|web/sité|1|2|3|9223372036854775807|5");
        sees("select concat_ws('|', formation, buildpack, build_command, readiness, health_check_path, "
             "health_check_timeout_usec, check_settle_usec, writable_tree, persist) from app",
             "{web=2,worker-2=0}|node|make \"{a,b}\" 'c' \\d é|notify|/up?a='b'&c=%20|6|7|yes|data,public/uploads");
}

#define INSERT(name, repository) \
        store_app_insert, (name), (repository), &default_settings, STABLE_LOW, STABLE_HIGH, 0, AS

Test(store_app, is_made_with_its_settings_a_port_for_life_and_an_event)
{
        Repository *repository = known_repository("shop");
        Reply reply =
                done_by(store_app_insert, "shop", repository, &all_settings, STABLE_LOW, STABLE_HIGH, 0, AS);

        cr_expect(eq(u64, reply.id, 1));
        cr_expect(eq(u64, reply.number, STABLE_LOW));
        sees("select concat_ws(' ', id, name, repository_id, port, current_port is null, wanted, status) "
             "from app",
             "1 shop 1 8000 t running new");
        sees_all_settings();
        cr_expect(
                eq(u64, reply.at,
                   (uint64_t) strtoull(
                           look("select (extract(epoch from created_at) * 1000000)::bigint::text from app"),
                           NULL, 10)));
        sees("select concat_ws(' ', operation is not null, actor_uid, verb, app_name, repository_name) from "
             "event order by id desc limit 1",
             "t 1000 app-create shop shop");
}

Test(store_app, a_taken_name_or_a_repository_that_is_gone_is_refused_and_nothing_is_written)
{
        Repository *repository = known_repository("shop"), *gone = known_repository("gone");
        const char *before;
        Reply reply;

        known_app("shop", repository);
        done_by(store_repository_delete, gone, AS);
        before = strdupa(everything());

        reply = say(INSERT("shop", repository));
        cr_expect(eq(int, reply.error, -EEXIST));
        cr_expect(text_is(reply.constraint, "app_name_key"), "%s", reply.constraint);
        reply = say(INSERT("blog", gone));
        cr_expect(eq(int, reply.error, -EBUSY));
        cr_expect(text_is(reply.constraint, "app_repository_id_fkey"), "%s", reply.constraint);
        cr_expect(eq(int, say(INSERT("Blog", repository)).error, -EINVAL));
        cr_expect(text_is(everything(), before));
}

Test(store_app, gets_the_lowest_free_port_and_none_of_a_removed_app_for_a_day)
{
        Repository *repository = known_repository("shop");
        App *a = known_app("a", repository), *b = known_app("b", repository);
        const char *before;

        cr_expect(eq(u16, a->port, STABLE_LOW));
        cr_expect(eq(u16, b->port, STABLE_LOW + 1));
        done_by(store_app_delete, a, KEEP_USEC, AS);
        sees("select concat_ws(' ', port, retired_at > now() - interval '1 minute') from retired_port",
             "8000 t");
        cr_expect(eq(u64, done_by(INSERT("c", repository)).number, STABLE_LOW + 2));
        cr_expect(eq(u64, done_by(INSERT("d", repository)).number, STABLE_LOW + 3));

        before = strdupa(everything());
        cr_expect(eq(int, say(INSERT("e", repository)).error, -ESTALE), "no port is free");
        cr_expect(text_is(everything(), before));

        must(pg, "update retired_port set retired_at = now() - interval '23 hours 59 minutes'");
        cr_expect(eq(int, say(INSERT("e", repository)).error, -ESTALE));
        must(pg, "update retired_port set retired_at = now() - interval '24 hours 1 minute'");
        cr_expect(eq(u64, done_by(INSERT("e", repository)).number, STABLE_LOW));

        /* Removed again it is retired again. */
        must(pg, "delete from app where name = 'e'");
        must(pg, "insert into app (name, repository_id, port) values ('f', 1, 8000)");
        a->id = (uint64_t) strtoull(look("select id::text from app where name = 'f'"), NULL, 10);
        done_by(store_app_delete, a, KEEP_USEC, AS);
        sees("select (retired_at > now() - interval '1 minute')::text from retired_port where port = 8000",
             "true");
}

Test(store_app, two_asked_for_at_once_get_two_ports)
{
        Repository *repository = known_repository("shop");
        Reply one = {}, two = {};
        StoreAsk asking_one = asking(&one), asking_two = asking(&two);

        cr_assert(eq(int,
                     store_app_insert(store, "one", repository, &default_settings, STABLE_LOW, STABLE_HIGH,
                                      0, &asking_one),
                     0));
        cr_assert(eq(int,
                     store_app_insert(store, "two", repository, &default_settings, STABLE_LOW, STABLE_HIGH,
                                      0, &asking_two),
                     0));
        cr_expect(not(one.done || two.done), "never from within the verb");
        await(&two);
        cr_expect(one.done, "in the order they were asked");
        cr_expect(eq(u64, one.number, STABLE_LOW));
        cr_expect(eq(u64, two.number, STABLE_LOW + 1));
}

Test(store_app, settings_are_set_all_at_once)
{
        App *app = known_app("shop", known_repository("shop"));

        done_by(store_app_set, app, &all_settings, false, AS);
        sees_all_settings();
        done_by(store_app_set, app, &default_settings, false, AS);
        sees("select concat_ws(' ', access_mode, branch = '', directory = '', stop_timeout_usec, memory_max, tasks_max, "
             "cpu_quota_usec, keep_releases) from app",
             "private t t 0 0 0 0 0");
        sees("select concat_ws(' ', formation, buildpack = '', build_command = '', readiness, "
             "health_check_path = '', health_check_timeout_usec, check_settle_usec, writable_tree, persist = '') from app",
             "{} t t port t 0 0 no t");
        sees("select string_agg(verb || ' ' || app_name || ' ' || actor_uid, ', ') from event where verb = "
             "'app-set'",
             "app-set shop 1000, app-set shop 1000");
}

Test(store_app, settings_the_schema_does_not_allow_are_invalid_and_nothing_is_written)
{
        static char bad[][8] = { "/etc", "../x", "a/../b", ".", "a\nb" };
        App *app = known_app("shop", known_repository("shop"));
        const char *before = strdupa(everything());

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                AppSettings wrong = default_settings;

                wrong.directory = bad[i];
                cr_expect(eq(int, say(store_app_set, app, &wrong, false, AS).error, -EINVAL), "%s", bad[i]);
        }
        for (unsigned i = 0; i < 5; i++) {
                static char line_break[] = "a\nb", word[] = "http", process[] = "_web";
                FormationItem item = { process, 1 };
                AppSettings wrong = default_settings;

                if (i == 0)
                        wrong.buildpack = line_break;
                else if (i == 1)
                        wrong.build_command = line_break;
                else if (i == 2)
                        wrong.readiness = word;
                else if (i == 3)
                        wrong.health_check_path = word;
                else
                        wrong.formation = (Formation){ &item, 1 };
                cr_expect(eq(int, say(store_app_set, app, &wrong, false, AS).error, -EINVAL), "%u", i);
        }
        cr_expect(text_is(everything(), before));
}

Test(store_app, every_status_and_what_is_wanted_are_kept_with_the_verb_that_did_it)
{
        App *app = known_app("shop", known_repository("shop"));

        for (AppStatus status = APP_STATUS_UNSET + 1; status < APP_STATUS_MAX; status++)
                for (unsigned stopped = 0; stopped < 2; stopped++) {
                        char expected[80];

                        done_by(store_app_set_status, app, stopped == 1, status, "restart", AS);
                        (void) snprintf(expected, sizeof(expected), "%s %s", stopped ? "stopped" : "running",
                                        app_status_to_string(status));
                        sees("select wanted || ' ' || status from app", expected);
                        sees("select verb || ' ' || app_name || ' ' || split_part(to_status, ' ', 1) from "
                             "event order by id desc limit 1",
                             ({
                                     (void) snprintf(expected, sizeof(expected), "restart shop %s",
                                                     app_status_to_string(status));
                                     expected;
                             }));
                }
}

Test(store_app, removed_it_takes_all_that_is_its_own_with_it_and_leaves_the_events)
{
        Repository *repository = known_repository("shop");
        App *app = known_app("shop", repository), *other = known_app("blog", repository);

        bring_to(known_deployment(app, ""), DEPLOYMENT_LIVE);
        bring_to(known_deployment(app, ""), DEPLOYMENT_LIVE);
        bring_to(known_deployment(app, ""), DEPLOYMENT_FAILED);
        known_deployment(app, "");
        bring_to(known_deployment(other, ""), DEPLOYMENT_LIVE);
        must(pg, "insert into environment_version (app_id, deployment_id) values (1, 2), (1, 4)");
        must(pg,
             "insert into environment (version_id, name, value) values (1, 'KEY', 'x'), (2, 'KEY', 'y')");
        must(pg, "update environment_version set base_id = 1 where id = 2");
        must(pg, "update app set environment_id = 2 where id = 1");
        must(pg, "update deployment set release_id = 1, environment_id = 1 where id <= 2");

        done_by(store_app_delete, app, KEEP_USEC, AS);
        sees("select string_agg(name, ' ') from app", "blog");
        sees("select concat_ws(' ', (select count(*) from deployment), (select count(*) from release), "
             "(select "
             "count(*) from instance), (select count(*) from port_lease), (select count(*) from "
             "environment), (select count(*) from environment_version))",
             "1 1 1 1 0 0");
        sees("select (count(*) > 10)::text from event where app_name = 'shop'", "true");
        sees("select verb || ' ' || app_name from event order by id desc limit 1", "app-remove shop");
}

Test(store_app, one_that_is_gone_is_stale_for_every_verb_and_nothing_is_written)
{
        App *app = known_app("shop", known_repository("shop"));
        const char *before;

        done_by(store_app_delete, app, KEEP_USEC, AS);
        before = strdupa(everything());
        cr_expect(eq(int, say(store_app_set, app, &all_settings, false, AS).error, -ESTALE));
        cr_expect(eq(int, say(store_app_set_status, app, true, APP_STOPPED, "stop", AS).error, -ESTALE));
        cr_expect(eq(int, say(store_app_delete, app, KEEP_USEC, AS).error, -ESTALE));
        cr_expect(text_is(everything(), before));
}

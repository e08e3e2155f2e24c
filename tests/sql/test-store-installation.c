/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/text.h"
#include "daemon/model/removed-app.h"
#include "loss.h"

TestSuite(store_installation, .init = store_fixture_start, .fini = store_fixture_end, .timeout = 120);

static const sd_id128_t machine =
        SD_ID128_MAKE(01, 23, 45, 67, 89, ab, cd, ef, 01, 23, 45, 67, 89, ab, cd, ef);
static const sd_id128_t other =
        SD_ID128_MAKE(0f, 23, 45, 67, 89, ab, cd, ef, 01, 23, 45, 67, 89, ab, cd, ef);

#define INSERT(name, repository, data) \
        store_app_insert, (name), (repository), &default_settings, STABLE_LOW, STABLE_HIGH, (data), AS

static Model *load(void)
{
        Model *loaded = model_new();

        done_by(store_load, loaded, 0, AS);
        return loaded;
}

static void last_numbers_are(uint64_t app, uint64_t deployment, uint64_t repository)
{
        Model *loaded = load();

        cr_expect(eq(u64, loaded->installation.last_app, app));
        cr_expect(eq(u64, loaded->installation.last_deployment, deployment));
        cr_expect(eq(u64, loaded->installation.last_repository, repository));
        model_free(loaded);
}

Test(store_installation, the_last_numbers_are_those_that_were_given_out)
{
        Repository *repository;
        App *app;

        last_numbers_are(0, 0, 0);
        repository = known_repository("shop");
        app = known_app("shop", repository);
        known_app("blog", repository);
        for (unsigned i = 0; i < 3; i++)
                known_deployment(app, "");
        last_numbers_are(2, 3, 1);
        /* What is removed has had them. */
        done_by(store_app_delete, app, KEEP_USEC, AS);
        last_numbers_are(2, 3, 1);
}

Test(store_installation, raised_the_next_ids_are_greater_and_never_lower)
{
        static const StoreNumbers numbers = { .app = 40, .deployment = 500, .repository = 6 },
                                  lower = { .app = 39, .deployment = 3, .repository = 6 }, none = {};
        Repository *repository;
        App *app;

        done_by(store_installation_raise, &none, AS);
        last_numbers_are(0, 0, 0);
        done_by(store_installation_raise, &numbers, AS);
        done_by(store_installation_raise, &numbers, AS);
        last_numbers_are(40, 500, 6);
        done_by(store_installation_raise, &lower, AS);
        done_by(store_installation_raise, &none, AS);
        last_numbers_are(40, 500, 6);

        repository = known_repository("shop");
        cr_expect(eq(u64, repository->id, 7));
        app = known_app("shop", repository);
        cr_expect(eq(u64, app->id, 41));
        cr_expect(eq(u64, known_deployment(app, "")->id, 501));
        done_by(store_installation_raise, &numbers, AS);
        last_numbers_are(41, 501, 7);
}

Test(store_installation, has_an_id_of_its_own_and_no_machine_at_first)
{
        Model *loaded = load();
        const sd_id128_t id = loaded->installation.id;

        cr_expect(not(sd_id128_is_null(id)));
        cr_expect(sd_id128_is_null(loaded->installation.machine));
        model_free(loaded);
        loaded = load();
        cr_expect(sd_id128_equal(loaded->installation.id, id));
        model_free(loaded);
        cr_expect(eq(int, ask(pg, "insert into installation default values").error, -EEXIST));
        cr_expect(eq(int, ask(pg, "insert into installation (only_row) values (false)").error, -EINVAL));
}

Test(store_installation, a_machine_is_noted_or_a_new_id_taken_over)
{
        Model *loaded = load();
        const sd_id128_t id = loaded->installation.id;

        model_free(loaded);
        for (unsigned i = 0; i < 2; i++)
                done_by(store_installation_set, SD_ID128_NULL, machine, AS);
        loaded = load();
        cr_expect(sd_id128_equal(loaded->installation.id, id));
        cr_expect(sd_id128_equal(loaded->installation.machine, machine));
        model_free(loaded);
        sees("select concat_ws(' ', operation is not null, actor_uid, verb, detail = (select id::text from installation)) from event order by id desc limit 1",
             "t 1000 installation-note t");

        done_by(store_installation_set, other, machine, AS);
        loaded = load();
        cr_expect(sd_id128_equal(loaded->installation.id, other));
        cr_expect(sd_id128_equal(loaded->installation.machine, machine));
        model_free(loaded);
        sees("select concat_ws(' ', verb, detail) from event order by id desc limit 1",
             "adopt 0f234567-89ab-cdef-0123-456789abcdef");
}

Test(store_installation, a_removed_app_is_known_by_who_when_and_its_last_deployment)
{
        Repository *repository = known_repository("shop");
        App *shop = known_app("shop", repository), *blog = known_app("blog", repository);
        Model *loaded;
        const RemovedApp *removed;
        Reply reply;

        known_deployment(shop, "");
        known_deployment(blog, "");
        reply = done_by(store_app_delete, shop, KEEP_USEC, AS);
        cr_expect(eq(u64, reply.id, 1));
        cr_expect(eq(u64, reply.number, 2), "the newest of any app");
        done_by(store_app_delete, blog, 0, AS);
        cr_expect(eq(u64, done_by(INSERT("shop", repository, 0)).id, 3), "which has the name alone");

        loaded = load();
        removed = loaded->removed_apps;
        cr_assert(removed && removed->removed_apps_next && !removed->removed_apps_next->removed_apps_next);
        cr_expect(text_is(removed->name, "blog"), "newest first");
        cr_expect(eq(u64, removed->keep_until, removed->removed_at));
        removed = removed_app_by_id(loaded, 1);
        cr_assert(removed != NULL);
        cr_expect(text_is(removed->name, "shop"));
        cr_expect(eq(u64, removed->removed_at, reply.at));
        cr_expect(eq(u64, removed->keep_until, reply.at + KEEP_USEC));
        cr_expect(eq(u64, removed->last_deployment, 2));
        cr_expect(eq(int, (int) removed->removed_by, ACTOR));
        cr_expect(not(removed->deleting));
        model_free(loaded);
}

Test(store_installation, removed_by_deployd_itself_or_before_any_deployment)
{
        App *app = known_app("shop", known_repository("shop"));
        Reply reply = {};
        StoreAsk as = asking(&reply);
        Model *loaded;

        as.actor = STORE_DEPLOYD;
        cr_assert(eq(int, store_app_delete(store, app, KEEP_USEC, &as), 0));
        await(&reply);
        cr_assert(eq(int, reply.error, 0), "%s", reply.sentence);
        cr_expect(eq(u64, reply.number, 0));
        loaded = load();
        cr_assert(loaded->removed_apps != NULL);
        cr_expect(loaded->removed_apps->removed_by == STORE_DEPLOYD);
        cr_expect(eq(u64, loaded->removed_apps->last_deployment, 0));
        model_free(loaded);
}

Test(store_installation, data_is_taken_over_with_the_id_and_only_then)
{
        Repository *repository = known_repository("shop");
        App *app = known_app("shop", repository);
        Reply reply;

        known_deployment(app, "");
        done_by(store_app_delete, app, KEEP_USEC, AS);
        reply = done_by(INSERT("shop", repository, 0));
        cr_expect(eq(u64, reply.id, 2), "the name alone takes nothing over");
        sees("select string_agg(id::text, ' ') from removed_app", "1");

        reply = done_by(INSERT("blog", repository, 1));
        cr_expect(eq(u64, reply.id, 1));
        cr_expect(eq(u64, reply.number, STABLE_LOW + 2));
        sees("select concat_ws(' ', name, status) from app where id = 1", "blog new");
        sees("select count(*)::text from removed_app", "0");
        cr_expect(eq(u64, done_by(INSERT("next", repository, 0)).id, 3), "no number is used up");

        /* Removed once more it is there once more. */
        app->id = 1;
        done_by(store_app_delete, app, KEEP_USEC, AS);
        sees("select concat_ws(' ', id, name, data) from removed_app", "1 blog kept");
}

Test(store_installation, data_that_is_not_there_is_not_taken_over_and_nothing_is_written)
{
        Repository *repository = known_repository("shop");
        App *app = known_app("shop", repository);
        const char *before = strdupa(everything());
        Reply reply;

        /* Of an app that is there, of one that never was. */
        for (uint64_t id = 1; id < 3; id++) {
                reply = done_by(INSERT("blog", repository, id));
                cr_expect(reply.id == 0 && reply.number == 0, "%d", (int) id);
        }
        cr_expect(text_is(everything(), before));

        done_by(store_app_delete, app, KEEP_USEC, AS);
        done_by(store_removed_app_set_data, 1, false, AS);
        before = strdupa(everything());
        cr_expect(eq(u64, done_by(INSERT("blog", repository, 1)).number, 0), "it is being deleted");
        cr_expect(text_is(everything(), before));
        done_by(store_removed_app_set_data, 1, true, AS);
        before = strdupa(everything());
        cr_expect(eq(u64, done_by(INSERT("blog", repository, 1)).number, 0), "it is deleted");
        cr_expect(text_is(everything(), before));
}

Test(store_installation, a_take_over_that_is_refused_leaves_the_data)
{
        Repository *repository = known_repository("shop");
        App *app = known_app("shop", repository);
        const char *before;

        known_app("blog", repository);
        done_by(store_app_delete, app, KEEP_USEC, AS);
        before = strdupa(everything());
        cr_expect(eq(int, say(INSERT("blog", repository, 1)).error, -EEXIST));
        cr_expect(
                eq(int,
                   say(store_app_insert, "new", repository, &default_settings, STABLE_LOW, STABLE_LOW, 1, AS)
                           .error,
                   -ESTALE),
                "no port is free");
        cr_expect(text_is(everything(), before));
}

Test(store_installation, data_is_deleted_in_two_steps_and_never_an_apps)
{
        Repository *repository = known_repository("shop");
        App *app = known_app("shop", repository);
        Model *loaded;

        cr_expect(eq(int, say(store_removed_app_set_data, 1, false, AS).error, -ESTALE), "it is an app's");
        done_by(store_app_delete, app, KEEP_USEC, AS);
        cr_expect(eq(int, say(store_removed_app_set_data, 1, true, AS).error, -ESTALE), "not begun");
        for (unsigned i = 0; i < 2; i++)
                cr_expect(eq(u64, done_by(store_removed_app_set_data, 1, false, AS).id, 1));
        loaded = load();
        cr_assert(loaded->removed_apps != NULL);
        cr_expect(loaded->removed_apps->deleting);
        model_free(loaded);
        for (unsigned i = 0; i < 2; i++)
                cr_expect(eq(u64, done_by(store_removed_app_set_data, 1, true, AS).id, 1));
        sees("select concat_ws(' ', id, name, data) from removed_app", "1 shop deleted");
        cr_expect(eq(int, say(store_removed_app_set_data, 1, false, AS).error, -ESTALE), "it is gone");
        loaded = load();
        cr_expect(loaded->removed_apps == NULL);
        model_free(loaded);

        /* A row that a mistake has left beside an app. */
        must(pg,
             "insert into removed_app (id, name, last_deployment, keep_until) values (2, 'x', 0, now())");
        cr_expect(eq(u64, done_by(INSERT("blog", repository, 0)).id, 2));
        cr_expect(eq(int, say(store_removed_app_set_data, 2, false, AS).error, -ESTALE));
}

Test(store_installation, sent_twice_they_take_effect_once)
{
        static const StoreNumbers numbers = { .app = 40, .deployment = 500, .repository = 6 };
        Repository *repository = known_repository("shop");
        App *app;
        Reply reply;

        lose();
        done_by(store_installation_raise, &numbers, AS);
        cr_expect(eq(u32, proxy.swallowed, n_expected));
        last_numbers_are(40, 500, 6);
        lose();
        done_by(store_installation_set, other, machine, AS);
        cr_expect(eq(u32, proxy.swallowed, n_expected));
        sees("select count(*)::text from event where verb = 'adopt'", "1");

        app = known_app("shop", repository);
        reply = once(store_app_delete, app, KEEP_USEC, AS);
        cr_expect(eq(u64, reply.id, 41));
        cr_expect(eq(u64, reply.number, 500));
        sees("select count(*)::text from removed_app", "1");
        reply = once(INSERT("blog", repository, 41));
        cr_expect(eq(u64, reply.id, 41));
        cr_expect(eq(u64, reply.number, STABLE_LOW + 1));
        sees("select count(*)::text from removed_app", "0");

        done_by(store_app_delete, app, KEEP_USEC, AS);
        for (unsigned i = 0; i < 2; i++) {
                lose();
                reply = done_by(store_removed_app_set_data, 41, i == 1, AS);
                cr_expect(eq(u32, proxy.swallowed, n_expected));
                cr_expect(eq(u64, reply.id, 41));
        }
        sees("select data from removed_app", "deleted");
}

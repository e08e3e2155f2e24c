/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/text.h"
#include "store-fixture.h"

TestSuite(store_repository, .init = store_fixture_start, .fini = store_fixture_end, .timeout = 120);

Test(store_repository, is_made_with_an_event_of_who_did_it)
{
        Reply reply = done_by(store_repository_insert, "shop", URL, "main", AS);

        cr_expect(eq(u64, reply.id, 1));
        sees("select concat_ws(' ', id, name, git_url, default_branch, head_revision = '', last_fetched_at "
             "is "
             "null, fetches) from repository",
             "1 shop " URL " main t t 0");
        sees("select concat_ws(' ', operation is not null, actor_uid, verb, repository_name, app_name = '', "
             "detail) from event",
             "t 1000 repository-create shop t " URL);
        cr_expect(eq(
                u64, reply.at,
                (uint64_t) strtoull(look("select (extract(epoch from created_at) * 1000000)::bigint::text "
                                         "from repository"),
                                    NULL, 10)));
}

Test(store_repository, a_taken_name_is_refused_and_nothing_is_written)
{
        const char *before;
        Reply reply;

        known_repository("shop");
        before = strdupa(everything());
        reply = say(store_repository_insert, "shop", "https://other.example/x.git", "", AS);
        cr_expect(eq(int, reply.error, -EEXIST));
        cr_expect(text_is(reply.constraint, "repository_name_key"), "%s", reply.constraint);
        cr_expect(text_is(everything(), before));
}

Test(store_repository, what_the_schema_does_not_allow_is_invalid_and_nothing_is_written)
{
        static const char *const cases[][3] = {
                { "Shop", URL, "" },
                { "a--b", URL, "" },
                { "", URL, "" },
                { "shop", "", "" },
                { "shop", "https://user:secret@git.example/shop.git", "" },
                { "shop", URL "\n", "" },
                { "shop", URL, "ma\tin" },
        };
        const char *before = strdupa(everything());

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Reply reply = say(store_repository_insert, cases[i][0], cases[i][1], cases[i][2], AS);

                cr_expect(eq(int, reply.error, -EINVAL), "%zu", i);
                cr_expect(not(text_is(reply.constraint, "")), "%zu", i);
                cr_expect(not(text_has(reply.sentence, "secret")), "%s", reply.sentence);
        }
        cr_expect(text_is(everything(), before));
}

Test(store_repository, its_columns_are_set_one_by_one_each_with_its_event)
{
        Repository *repository = known_repository("shop"), *other = known_repository("blog");
        Reply reply;

        (void) other;
        done_by(store_repository_set_git_url, repository, "/srv/git/shop", AS);
        done_by(store_repository_set_default_branch, repository, "", AS);
        done_by(store_repository_set_submodules, repository, "yes", AS);
        reply = done_by(store_repository_fetched, repository, REVISION, AS);
        sees("select concat_ws(' ', git_url, default_branch = '', submodules, head_revision) from repository where name "
             "= "
             "'shop'",
             "/srv/git/shop t yes " REVISION);
        cr_expect(eq(u64, reply.at,
                     (uint64_t) strtoull(look("select (extract(epoch from last_fetched_at) * "
                                              "1000000)::bigint::text from repository where name = 'shop'"),
                                         NULL, 10)));
        sees("select concat_ws(' ', git_url, default_branch, submodules, head_revision = '', last_fetched_at is null) "
             "from "
             "repository where name = 'blog'",
             URL " main no t t");
        sees("select string_agg(concat_ws(' ', verb, repository_name, detail), ', ' order by id) from event "
             "where verb <> 'repository-create'",
             "repository-set-url shop /srv/git/shop, repository-set-branch shop , "
             "repository-set-submodules shop yes, repository-fetched "
             "shop " REVISION);
}

Test(store_repository, fetches_are_numbered)
{
        Repository *repository = known_repository("shop"), *other = known_repository("blog");

        for (uint64_t i = 1; i <= 3; i++)
                cr_expect(eq(u64, done_by(store_repository_count_fetch, repository, AS).number, i));
        cr_expect(eq(u64, done_by(store_repository_count_fetch, other, AS).number, 1));
}

Test(store_repository, in_use_it_is_not_removed)
{
        Repository *repository = known_repository("shop");
        App *app = known_app("shop", repository);
        const char *before = strdupa(everything());
        Reply reply = say(store_repository_delete, repository, AS);

        cr_expect(eq(int, reply.error, -EBUSY));
        cr_expect(text_is(reply.constraint, "app_repository_id_fkey"), "%s", reply.constraint);
        cr_expect(text_is(everything(), before));

        done_by(store_app_delete, app, KEEP_USEC, AS);
        done_by(store_repository_delete, repository, AS);
        sees("select count(*)::text from repository", "0");
        sees("select concat_ws(' ', verb, repository_name, actor_uid) from event order by id desc limit 1",
             "repository-remove shop 1000");
}

Test(store_repository, one_that_is_gone_is_stale_for_every_verb_and_nothing_is_written)
{
        Repository *repository = known_repository("shop");
        const char *before;

        done_by(store_repository_delete, repository, AS);
        before = strdupa(everything());
        cr_expect(eq(int, say(store_repository_set_git_url, repository, URL, AS).error, -ESTALE));
        cr_expect(eq(int, say(store_repository_set_default_branch, repository, "x", AS).error, -ESTALE));
        cr_expect(eq(int, say(store_repository_set_submodules, repository, "yes", AS).error, -ESTALE));
        cr_expect(eq(int, say(store_repository_fetched, repository, REVISION, AS).error, -ESTALE));
        cr_expect(eq(int, say(store_repository_count_fetch, repository, AS).error, -ESTALE));
        cr_expect(eq(int, say(store_repository_delete, repository, AS).error, -ESTALE));
        cr_expect(text_is(everything(), before));
}

Test(store_repository, what_deployd_does_itself_has_no_actor)
{
        Repository *repository = known_repository("shop");
        Reply reply = {};
        StoreAsk asking_itself = asking(&reply);

        asking_itself.actor = STORE_DEPLOYD;
        cr_assert(eq(int, store_repository_fetched(store, repository, REVISION, &asking_itself), 0));
        await(&reply);
        cr_expect(eq(int, reply.error, 0));
        sees("select (actor_uid is null)::text from event where verb = 'repository-fetched'", "true");
}

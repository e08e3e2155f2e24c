/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/removed-app.h"

#include "test-model.h"

TestSuite(removed_app, .init = make_model, .fini = remove_model);

static void add_removed(uint64_t id, const char *name)
{
        char *own = strdup(name);
        const RemovedApp row = { .id = id,
                                 .name = own,
                                 .removed_at = id + 100,
                                 .keep_until = id + 200,
                                 .removed_by = -1,
                                 .last_deployment = id + 300,
                                 .deleting = id == 2 };

        cr_assert(own);
        cr_assert_eq(removed_app_new(model, &row), 0);
        memset(own, 'x', strlen(own));
        free(own);
}

Test(removed_app, is_a_copy_of_its_row)
{
        const RemovedApp *removed;

        add_removed(2, "shop");
        removed = removed_app_by_id(model, 2);
        cr_assert(removed);
        cr_expect_str_eq(removed->name, "shop");
        cr_expect_eq(removed->removed_at, 102);
        cr_expect_eq(removed->keep_until, 202);
        cr_expect_eq(removed->removed_by, -1);
        cr_expect_eq(removed->last_deployment, 302);
        cr_expect(removed->deleting);
}

Test(removed_app, is_found_by_its_id_or_the_newest_of_a_name)
{
        add_removed(1, "shop");
        add_removed(3, "shop");
        add_removed(4, "blog");
        cr_expect_eq(removed_app_by_id(model, 1)->id, 1);
        cr_expect_null(removed_app_by_id(model, 2));
        cr_expect_eq(removed_app_find(model, "shop")->id, 3);
        cr_expect_null(removed_app_find(model, "sho"));
        cr_expect_eq(model->removed_apps->id, 4, "newest first");
}

Test(removed_app, freed_it_is_not_found_any_more)
{
        add_removed(1, "shop");
        add_removed(3, "shop");
        add_removed(4, "blog");
        removed_app_free(model, removed_app_by_id(model, 3));
        cr_expect_null(removed_app_by_id(model, 3));
        cr_expect_eq(removed_app_find(model, "shop")->id, 1);
        removed_app_free(model, removed_app_by_id(model, 4));
        removed_app_free(model, removed_app_by_id(model, 1));
        cr_expect_null(model->removed_apps);
}

Test(removed_app, a_cleared_model_has_none)
{
        add_removed(1, "shop");
        model->installation.last_app = 1;
        model_clear(model);
        cr_expect_null(model->removed_apps);
        cr_expect_eq(model->installation.last_app, 0);
}

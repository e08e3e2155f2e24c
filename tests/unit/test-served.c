/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ingress/served.h"

#include "tests/unit/test-ingress.h"

static Model *model;

static void set_up(void)
{
        model = model_new();
        cr_assert_not_null(model);
}

static void tear_down(void)
{
        model_free(model);
}
TestSuite(served, .init = set_up, .fini = tear_down);

static App *new_app(const char *name, uint16_t port)
{
        App *app = add_app(model, name, "private", port);

        app->served = SERVED_NO;
        return app;
}

Test(served, an_app_is_served_from_its_first_deployment_on)
{
        App *app = new_app("shop", 30001);
        Instance *instance = add_instance(app, 1, 20001, ROUTE_NONE);

        cr_expect_eq(served_update(model, 10), 0);
        cr_expect_eq(app->served, SERVED_NO, "it does not take requests yet");
        instance->route = ROUTE_READY;
        cr_expect_eq(served_update(model, 10), 0);
        cr_expect_eq(app->served, SERVED_YES);
        /* Taken back: no other reload for that. */
        instance->route = ROUTE_NONE;
        cr_expect_eq(served_update(model, 10), 0);
        cr_expect_eq(app->served, SERVED_YES);
}

Test(served, what_is_live_is_served_though_nothing_of_it_runs)
{
        App *app = new_app("shop", 30001);

        app->live = add_instance(app, 1, 20001, ROUTE_NONE)->deployment;
        cr_expect_eq(served_update(model, 10), 0);
        cr_expect_eq(app->served, SERVED_YES);
        app->live = NULL;
}

Test(served, those_that_have_room_keep_it)
{
        App *first = new_app("a", 30001), *second = new_app("b", 30002), *third = new_app("c", 30003);

        (void) add_instance(second, 1, 20001, ROUTE_READY);
        cr_expect_eq(served_update(model, 2), 0);
        (void) add_instance(first, 2, 20002, ROUTE_READY);
        (void) add_instance(third, 3, 20003, ROUTE_READY);
        cr_expect_eq(served_update(model, 2), 1);
        cr_expect_eq(second->served, SERVED_YES);
        cr_expect_eq(first->served + third->served, SERVED_YES + SERVED_NO_ROOM, "one of the two");
        cr_expect_eq(served_update(model, 2), 1, "and it stays so");
        cr_expect_eq(served_update(model, 3), 0);
        cr_expect_eq(first->served, SERVED_YES);
        cr_expect_eq(third->served, SERVED_YES);
        cr_expect_eq(served_update(model, 1), 2, "fewer than there are");
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-model.h"

TestSuite(model_observer, .init = make_model, .fini = remove_model);

/* What the observer was told, one word after another: `+app shop` added, `~` changed, `-` removed, `!`
 * finished. */
static char told[4096];

static void note(const char *what, const char *name)
{
        size_t length = strlen(told);
        int n = snprintf(told + length, sizeof(told) - length, "%s %s, ", what, name);

        cr_assert(n > 0 && (size_t) n < sizeof(told) - length);
}

static void note_deployment(const char *what, const Deployment *deployment)
{
        _cleanup_free_ char *text = text_format("%" PRIu64 " %s", deployment->id,
                                                deployment_status_to_string(deployment->status));

        note(what, text);
}

#define HEAR(event, type, what)                                           \
        static void on_##event(void *userdata, type *object)              \
        {                                                                 \
                cr_expect_eq(userdata, (void *) told);                    \
                cr_expect_eq(object->model, model, "told of a stranger"); \
                note(what, object->name);                                 \
        }
#define HEAR_DEPLOYMENT(event, what)                                      \
        static void on_##event(void *userdata, Deployment *object)        \
        {                                                                 \
                cr_expect_eq(userdata, (void *) told);                    \
                cr_expect_eq(object->model, model, "told of a stranger"); \
                note_deployment(what, object);                            \
        }

HEAR(repository_added, Repository, "+repository")
HEAR(repository_changed, Repository, "~repository")
HEAR(repository_removed, Repository, "-repository")
HEAR(app_added, App, "+app")
HEAR(app_changed, App, "~app")
HEAR(app_removed, App, "-app")
HEAR_DEPLOYMENT(deployment_added, "+deployment")
HEAR_DEPLOYMENT(deployment_changed, "~deployment")
HEAR_DEPLOYMENT(deployment_finished, "!deployment")
HEAR_DEPLOYMENT(deployment_removed, "-deployment")

static Observer observer = {
        .repository_added = on_repository_added,
        .repository_changed = on_repository_changed,
        .repository_removed = on_repository_removed,
        .app_added = on_app_added,
        .app_changed = on_app_changed,
        .app_removed = on_app_removed,
        .deployment_added = on_deployment_added,
        .deployment_changed = on_deployment_changed,
        .deployment_finished = on_deployment_finished,
        .deployment_removed = on_deployment_removed,
        .userdata = told,
};

/* What was told since it was asked last. */
#define EXPECT_TOLD(words)                     \
        do {                                   \
                cr_expect_str_eq(told, words); \
                told[0] = '\0';                \
        } while (0)

Test(model_observer, a_taken_name_is_refused_and_the_object_stays_the_callers)
{
        Repository *one = add_repository("one"), *two = repository_new("one");
        App *shop = add_app("shop", one), *other = app_new("shop", one);
        Deployment *first = add_deployment(shop, 7, DEPLOYMENT_QUEUED), *second = deployment_new(shop, 7);

        cr_assert(two && other && second);
        model_observe(model, &observer);
        second->status = DEPLOYMENT_LIVE;
        cr_expect_eq(model_add_repository(model, two), -EEXIST);
        cr_expect_eq(model_add_app(model, other), -EEXIST);
        cr_expect_eq(model_add_deployment(model, second), -EEXIST);
        EXPECT_TOLD("");
        cr_expect_null(two->model);
        cr_expect_null(other->model);
        cr_expect_null(second->model);
        cr_expect_eq(model_repository(model, "one"), one);
        cr_expect_eq(model_app(model, "shop"), shop);
        cr_expect_eq(model_deployment(model, 7), first);
        cr_expect_null(shop->live);
        cr_expect_eq(model->n_queued, 1);
        cr_expect_eq(shop->deployments, first);
        cr_expect_null(first->app_deployments_next);
        cr_expect_null(shop->repository_apps_next);
        repository_free(two);
        app_free(other);
        deployment_free(second);
}

Test(model_observer, observers_are_told_of_everything_once_and_in_order)
{
        Repository *repository;
        Deployment *first, *second;
        App *app;

        model_observe(model, &observer);
        repository = add_repository("one");
        EXPECT_TOLD("+repository one, ");
        app = add_app("shop", repository);
        EXPECT_TOLD("+app shop, ~repository one, ");
        first = add_deployment(app, 1, DEPLOYMENT_QUEUED);
        EXPECT_TOLD("+deployment 1 queued, ~app shop, ");
        model_set_deployment_status(model, first, DEPLOYMENT_FETCHING);
        EXPECT_TOLD("~deployment 1 fetching, ~app shop, ");
        model_set_deployment_status(model, first, DEPLOYMENT_FETCHING);
        EXPECT_TOLD("");
        model_set_deployment_status(model, first, DEPLOYMENT_LIVE);
        EXPECT_TOLD("~deployment 1 live, ~app shop, !deployment 1 live, ");
        second = add_deployment(app, 2, DEPLOYMENT_CHECKING);
        EXPECT_TOLD("+deployment 2 checking, ~app shop, ");
        model_set_deployment_status(model, first, DEPLOYMENT_SUPERSEDED);
        EXPECT_TOLD("~deployment 1 superseded, ~app shop, ");
        model_set_deployment_status(model, second, DEPLOYMENT_FAILED);
        EXPECT_TOLD("~deployment 2 failed, ~app shop, !deployment 2 failed, ");
        add_deployment(app, 3, DEPLOYMENT_QUEUED);
        told[0] = '\0';
        model_set_deployment_status(model, model_deployment(model, 3), DEPLOYMENT_CANCELLED);
        EXPECT_TOLD("~deployment 3 cancelled, ~app shop, !deployment 3 cancelled, ");
        model_changed_repository(model, repository);
        model_changed_app(model, app);
        model_changed_deployment(model, second);
        EXPECT_TOLD("~repository one, ~app shop, ~deployment 2 failed, ");
        model_remove_deployment(model, first);
        EXPECT_TOLD("-deployment 1 superseded, ~app shop, ");
        model_remove_app(model, app);
        EXPECT_TOLD("-deployment 3 cancelled, ~app shop, -deployment 2 failed, ~app shop, -app shop, "
                    "~repository one, ");
        model_remove_repository(model, repository);
        EXPECT_TOLD("-repository one, ");
}

/* What a removed object looks like when its observer is told, and right after. */
static void expect_whole(_unused_ void *userdata, Deployment *deployment)
{
        cr_expect_eq(model_deployment(model, deployment->id), deployment);
        cr_expect_eq(deployment->app->live, deployment);
        cr_expect_eq(deployment->instances->port, 20000);
}

static void expect_gone(_unused_ void *userdata, App *app)
{
        cr_expect_null(app->deployments);
        cr_expect_null(app->live);
        cr_expect_null(model_deployment(model, 1));
        cr_expect_eq(model->n_ports_assigned, 0);
}

Test(model_observer, a_removed_deployment_is_whole_when_told_and_gone_when_its_app_is)
{
        Observer witness = { .deployment_removed = expect_whole };
        App *app = add_app("shop", add_repository("one"));
        Deployment *deployment = add_deployment(app, 1, DEPLOYMENT_LIVE);

        cr_assert(instance_new(deployment, "web", 1, 20000));
        witness.app_changed = expect_gone;
        model_observe(model, &witness);
        model_remove_deployment(model, deployment);
        model_unobserve(model, &witness);
}

Test(model_observer, every_observer_is_told_until_it_stops_to_observe)
{
        Observer silent = {}, other = observer;
        Repository *repository;

        model_observe(model, &silent);
        model_observe(model, &observer);
        model_observe(model, &other);
        repository = add_repository("one");
        EXPECT_TOLD("+repository one, +repository one, ");
        model_unobserve(model, &other);
        model_changed_repository(model, repository);
        EXPECT_TOLD("~repository one, ");
        model_unobserve(model, &observer);
        model_unobserve(model, &silent);
        model_changed_repository(model, repository);
        EXPECT_TOLD("");
}

Test(model_observer, forgetting_everything_tells_nobody_and_leaves_an_empty_model)
{
        App *app = add_app("shop", add_repository("one"));

        add_deployment(app, 1, DEPLOYMENT_QUEUED);
        add_deployment(app, 2, DEPLOYMENT_CHECKING);
        cr_assert(instance_new(add_deployment(app, 3, DEPLOYMENT_LIVE), "web", 1, 20000));
        model_observe(model, &observer);
        model_clear(model);
        EXPECT_TOLD("");
        cr_expect(!model->repositories && !model->apps && !model->deployments);
        cr_expect_null(model_repository(model, "one"));
        cr_expect_null(model_app(model, "shop"));
        cr_expect_null(model_deployment(model, 3));
        cr_expect_eq(model->n_queued + model->n_running + model->n_ports_assigned, 0);

        add_deployment(add_app("shop", add_repository("one")), 3, DEPLOYMENT_QUEUED);
        EXPECT_TOLD("+repository one, +app shop, ~repository one, +deployment 3 queued, ~app shop, ");
        model_clear(model);
        model_clear(model);
}

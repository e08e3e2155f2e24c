/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/model.h"

#include <errno.h>
#include <search.h>
#include <string.h>

#include "daemon/model/app.h"
#include "daemon/model/deployment.h"
#include "daemon/model/removed-app.h"
#include "daemon/model/repository.h"

#define TELL(model, event, object)                                               \
        do {                                                                     \
                Observer *_observer;                                             \
                LIST_FOREACH (observers, _observer, (model)->observers)          \
                        if (_observer->event)                                    \
                                _observer->event(_observer->userdata, (object)); \
        } while (0)

static int compare_repositories(const void *a, const void *b)
{
        return strcmp(((const Repository *) a)->name, ((const Repository *) b)->name);
}

static int compare_apps(const void *a, const void *b)
{
        return strcmp(((const App *) a)->name, ((const App *) b)->name);
}

static int compare_deployments(const void *a, const void *b)
{
        uint64_t x = ((const Deployment *) a)->id, y = ((const Deployment *) b)->id;

        return x < y ? -1 : x > y;
}

/* 0 if `object` is in the tree now, -EEXIST if an equal one was there, -ENOMEM. */
static int tree_insert(void **tree, void *object, int (*compare)(const void *, const void *))
{
        void **node = tsearch(object, tree, compare);

        if (!node)
                return -ENOMEM;
        return *node == object ? 0 : -EEXIST;
}

static void *tree_find(void *const *tree, const void *key, int (*compare)(const void *, const void *))
{
        void **node = tfind(key, tree, compare);

        return node ? *node : NULL;
}

Model *model_new(void)
{
        return calloc(1, sizeof(Model));
}

void model_clear(Model *model)
{
        assert(model);

        while (model->deployments) {
                Deployment *deployment = model->deployments;

                (void) tdelete(deployment, &model->deployments_by_id, compare_deployments);
                LIST_REMOVE(deployments, model->deployments, deployment);
                LIST_REMOVE(app_deployments, deployment->app->deployments, deployment);
                deployment_free(deployment);
        }
        while (model->apps) {
                App *app = model->apps;

                (void) tdelete(app, &model->apps_by_name, compare_apps);
                LIST_REMOVE(apps, model->apps, app);
                app_free(app);
        }
        while (model->repositories) {
                Repository *repository = model->repositories;

                (void) tdelete(repository, &model->repositories_by_name, compare_repositories);
                LIST_REMOVE(repositories, model->repositories, repository);
                repository_free(repository);
        }
        while (model->removed_apps)
                removed_app_free(model, model->removed_apps);
        model->installation = (InstallationRow){};
        assert(!model->deployments_by_id && !model->apps_by_name && !model->repositories_by_name);
        model->n_queued = model->n_running = model->n_ports_assigned = 0;
}

Model *model_free(Model *model)
{
        if (!model)
                return NULL;
        model_clear(model);
        free(model);
        return NULL;
}

void model_observe(Model *model, Observer *observer)
{
        assert(model);
        assert(observer);
        LIST_PREPEND(observers, model->observers, observer);
}

void model_unobserve(Model *model, Observer *observer)
{
        assert(model);
        assert(observer);
        LIST_REMOVE(observers, model->observers, observer);
}

Repository *model_repository(const Model *model, const char *name)
{
        Repository key;

        assert(model);
        assert(name);
        key.name = (char *) (uintptr_t) name;
        return tree_find(&model->repositories_by_name, &key, compare_repositories);
}

App *model_app(const Model *model, const char *name)
{
        App key;

        assert(model);
        assert(name);
        key.name = (char *) (uintptr_t) name;
        return tree_find(&model->apps_by_name, &key, compare_apps);
}

App *model_app_by_id(const Model *model, uint64_t id)
{
        App *app;

        assert(model);

        LIST_FOREACH (apps, app, model->apps)
                if (app->id == id)
                        return app;
        return NULL;
}

Deployment *model_deployment(const Model *model, uint64_t id)
{
        Deployment key = { .id = id };

        assert(model);
        return tree_find(&model->deployments_by_id, &key, compare_deployments);
}

int model_add_repository(Model *model, Repository *repository)
{
        int r;

        assert(model);
        assert(repository && !repository->model);

        r = tree_insert(&model->repositories_by_name, repository, compare_repositories);
        if (r < 0)
                return r;
        LIST_PREPEND(repositories, model->repositories, repository);
        repository->model = model;
        TELL(model, repository_added, repository);
        return 0;
}

int model_add_app(Model *model, App *app)
{
        int r;

        assert(model);
        assert(app && !app->model && app->repository->model == model);

        r = tree_insert(&model->apps_by_name, app, compare_apps);
        if (r < 0)
                return r;
        LIST_PREPEND(apps, model->apps, app);
        LIST_PREPEND(repository_apps, app->repository->apps, app);
        app->model = model;
        TELL(model, app_added, app);
        model_changed_repository(model, app->repository);
        return 0;
}

/* Counts a deployment that is in `status` in (+1) or out (-1). */
static void model_count(Model *model, const Deployment *deployment, DeploymentStatus status, int step)
{
        if (status == DEPLOYMENT_QUEUED)
                model->n_queued += (unsigned) step;
        else if (deployment_status_is_running(status))
                model->n_running += (unsigned) step;
        if (status != DEPLOYMENT_LIVE)
                return;
        if (step > 0)
                deployment->app->live = (Deployment *) (uintptr_t) deployment;
        else if (deployment->app->live == deployment)
                deployment->app->live = NULL;
}

/* App.deployments is kept newest first. */
static void insert_into_app(App *app, Deployment *deployment)
{
        Deployment *after = NULL, *other;

        LIST_FOREACH (app_deployments, other, app->deployments) {
                if (other->id < deployment->id)
                        break;
                after = other;
        }
        if (!after) {
                LIST_PREPEND(app_deployments, app->deployments, deployment);
                return;
        }
        LIST_INSERT_AFTER(app_deployments, after, deployment);
}

int model_add_deployment(Model *model, Deployment *deployment)
{
        Instance *instance;
        int r;

        assert(model);
        assert(deployment && !deployment->model && deployment->app->model == model);

        r = tree_insert(&model->deployments_by_id, deployment, compare_deployments);
        if (r < 0)
                return r;
        LIST_PREPEND(deployments, model->deployments, deployment);
        insert_into_app(deployment->app, deployment);
        model_count(model, deployment, deployment->status, 1);
        LIST_FOREACH (instances, instance, deployment->instances)
                if (instance->port != 0)
                        model->n_ports_assigned++;
        deployment->model = model;
        TELL(model, deployment_added, deployment);
        model_changed_app(model, deployment->app);
        return 0;
}

void model_remove_repository(Model *model, Repository *repository)
{
        assert(model);
        assert(repository && repository->model == model && !repository->apps);

        TELL(model, repository_removed, repository);
        (void) tdelete(repository, &model->repositories_by_name, compare_repositories);
        LIST_REMOVE(repositories, model->repositories, repository);
        repository_free(repository);
}

void model_remove_app(Model *model, App *app)
{
        Repository *repository;

        assert(model);
        assert(app && app->model == model);

        while (app->deployments)
                model_remove_deployment(model, app->deployments);
        TELL(model, app_removed, app);
        (void) tdelete(app, &model->apps_by_name, compare_apps);
        LIST_REMOVE(apps, model->apps, app);
        repository = app->repository;
        LIST_REMOVE(repository_apps, repository->apps, app);
        app_free(app);
        model_changed_repository(model, repository);
}

void model_remove_deployment(Model *model, Deployment *deployment)
{
        App *app;

        assert(model);
        assert(deployment && deployment->model == model);

        TELL(model, deployment_removed, deployment);
        app = deployment->app;
        (void) tdelete(deployment, &model->deployments_by_id, compare_deployments);
        LIST_REMOVE(deployments, model->deployments, deployment);
        LIST_REMOVE(app_deployments, app->deployments, deployment);
        model_count(model, deployment, deployment->status, -1);
        deployment_free(deployment);
        model_changed_app(model, app);
}

void model_changed_repository(Model *model, Repository *repository)
{
        assert(model);
        assert(repository);
        TELL(model, repository_changed, repository);
}

void model_changed_app(Model *model, App *app)
{
        assert(model);
        assert(app);
        TELL(model, app_changed, app);
}

void model_changed_deployment(Model *model, Deployment *deployment)
{
        assert(model);
        assert(deployment);
        TELL(model, deployment_changed, deployment);
}

void model_set_deployment_status(Model *model, Deployment *deployment, DeploymentStatus status)
{
        DeploymentStatus old;

        assert(model);
        assert(deployment && deployment->model == model);

        old = deployment->status;
        if (old == status)
                return;
        model_count(model, deployment, old, -1);
        deployment->status = status;
        model_count(model, deployment, status, 1);
        TELL(model, deployment_changed, deployment);
        TELL(model, app_changed, deployment->app);
        if (deployment_status_is_unfinished(old) && deployment_status_is_finished(status))
                TELL(model, deployment_finished, deployment);
}

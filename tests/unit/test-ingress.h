/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A model with apps whose instances take requests, or do not. */

#include <criterion/criterion.h>

#include "base/text.h"
#include "daemon/model/app.h"
#include "daemon/model/deployment.h"
#include "daemon/model/repository.h"

static inline App *add_app(Model *model, const char *name, const char *access_mode, uint16_t port)
{
        static const char repository_name[] = "code";
        Repository *repository = model_repository(model, repository_name);
        App *app;

        if (!repository) {
                repository = repository_new(repository_name);
                cr_assert(repository && model_add_repository(model, repository) == 0);
        }
        app = app_new(name, repository);
        cr_assert(app && text_replace(&app->settings.access_mode, access_mode) == 0);
        app->port = port;
        app->served = SERVED_YES;
        cr_assert_eq(model_add_app(model, app), 0);
        return app;
}

/* A deployment of an app with one web instance. */
static inline Instance *add_instance(App *app, uint64_t id, uint16_t port, Route route)
{
        Deployment *deployment = model_deployment(app->model, id);
        Instance *instance;
        unsigned number = 1;

        if (!deployment) {
                deployment = deployment_new(app, id);
                cr_assert(deployment && model_add_deployment(app->model, deployment) == 0);
        }
        LIST_FOREACH (instances, instance, deployment->instances)
                number++;
        instance = instance_new(deployment, "web", number, port);
        cr_assert_not_null(instance);
        instance->route = route;
        return instance;
}

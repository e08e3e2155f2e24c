/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A model for each test, and objects in it: TestSuite(…, .init = make_model, .fini = remove_model). */

#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "daemon/model/app.h"
#include "daemon/model/deployment.h"
#include "daemon/model/repository.h"

static Model *model;

static inline void make_model(void)
{
        model = model_new();
        cr_assert(model);
}

static inline void remove_model(void)
{
        model_free(model);
}

static inline Repository *add_repository(const char *name)
{
        Repository *repository = repository_new(name);

        cr_assert(repository);
        cr_assert_eq(model_add_repository(model, repository), 0);
        return repository;
}

static inline App *add_app(const char *name, Repository *repository)
{
        App *app = app_new(name, repository);

        cr_assert(app);
        cr_assert_eq(model_add_app(model, app), 0);
        return app;
}

static inline Deployment *add_deployment(App *app, uint64_t id, DeploymentStatus status)
{
        Deployment *deployment = deployment_new(app, id);

        cr_assert(deployment);
        deployment->status = status;
        cr_assert_eq(model_add_deployment(model, deployment), 0);
        return deployment;
}

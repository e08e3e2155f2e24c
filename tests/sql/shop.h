/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An app with variables, for tests of its environment. */

#include "store-fixture.h"

static App *app;

static void start(void)
{
        store_fixture_start();
        app = known_app("shop", known_repository("shop"));
}

static Variable variables[] = { { (char[]){ "KEY" }, (char[]){ "secret" } },
                                { (char[]){ "URL" }, (char[]){ "" } } };
static const Variables two = { variables, 2 }, one = { variables, 1 };

static Deployment *make_live(void)
{
        Deployment *deployment = known_deployment(app, "main");

        bring_to(deployment, DEPLOYMENT_LIVE);
        return deployment;
}

static Deployment *newest(void)
{
        return app->deployments;
}

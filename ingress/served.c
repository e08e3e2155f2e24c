/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ingress/served.h"

#include "daemon/model/deployment.h"

/* It was deployed once, or its first deployment is about to take requests. */
static bool is_deployed(const App *app)
{
        const Deployment *deployment;
        const Instance *instance;

        if (app->live || app->served == SERVED_YES)
                return true;
        LIST_FOREACH (app_deployments, deployment, app->deployments)
                LIST_FOREACH (instances, instance, deployment->instances)
                        if (instance->port != 0 && instance->route != ROUTE_NONE)
                                return true;
        return false;
}

unsigned served_update(const Model *model, uint64_t apps_max)
{
        uint64_t n_served = 0;
        unsigned n_left_out = 0;
        App *app;

        assert(model);

        LIST_FOREACH (apps, app, model->apps)
                if (app->served == SERVED_YES && ++n_served > apps_max)
                        app->served = SERVED_NO;
        LIST_FOREACH (apps, app, model->apps) {
                if (app->served == SERVED_YES || !is_deployed(app))
                        continue;
                app->served = n_served < apps_max ? SERVED_YES : SERVED_NO_ROOM;
                if (app->served == SERVED_YES)
                        n_served++;
                else
                        n_left_out++;
        }
        return n_left_out;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/app.h"

#include <string.h>

#include "daemon/model/deployment.h"
#include "daemon/model/repository.h"
#include "daemon/model/unit-name.h"

static const char *const app_status_table[APP_STATUS_MAX] = {
        [APP_NEW] = "new",           [APP_DEPLOYING] = "deploying", [APP_RUNNING] = "running",
        [APP_DEGRADED] = "degraded", [APP_STOPPED] = "stopped",     [APP_FAILED] = "failed",
};

DEFINE_STRING_TABLE(app_status, AppStatus);

App *app_new(const char *name, Repository *repository)
{
        _cleanup_(app_freep) App *app = calloc(1, sizeof(App));

        assert(name);
        assert(repository);

        if (!app)
                return NULL;
        app->repository = repository;
        app->name = strdup(name);
        app->access_mode = strdup("private");
        app->settings.branch = strdup("");
        app->settings.directory = strdup("");
        if (!app->name || !app->access_mode || !app->settings.branch || !app->settings.directory)
                return NULL;
        return TAKE_PTR(app);
}

App *app_free(App *app)
{
        if (!app)
                return NULL;
        free(app->name);
        free(app->access_mode);
        app_settings_clear(&app->settings);
        free(app);
        return NULL;
}

int app_settings_copy(AppSettings *target, const AppSettings *source)
{
        AppSettings copy;

        assert(target);
        assert(source);

        copy = *source;
        copy.branch = strdup(source->branch);
        copy.directory = strdup(source->directory);
        if (!copy.branch || !copy.directory) {
                app_settings_clear(&copy);
                return -ENOMEM;
        }
        app_settings_clear(target);
        *target = copy;
        return 0;
}

void app_settings_clear(AppSettings *settings)
{
        assert(settings);

        free(settings->branch);
        free(settings->directory);
        *settings = (AppSettings){};
}

Deployment *app_running_deployment(const App *app)
{
        Deployment *deployment;

        assert(app);

        LIST_FOREACH (app_deployments, deployment, app->deployments)
                if (deployment_status_is_running(deployment->status))
                        return deployment;
        return NULL;
}

Deployment *app_next_queued(const App *app)
{
        Deployment *deployment, *oldest = NULL;

        assert(app);

        LIST_FOREACH (app_deployments, deployment, app->deployments)
                if (deployment->status == DEPLOYMENT_QUEUED)
                        oldest = deployment;
        return oldest;
}

char *app_slice(const App *app)
{
        assert(app);
        return slice_name_make(app->name);
}

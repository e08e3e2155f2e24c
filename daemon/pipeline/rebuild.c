/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/rebuild.h"

#include "base/log-ids.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/pipeline/files/lost-release.h"

static void on_asked(_unused_ void *userdata, const sd_bus_error *error, _unused_ uint64_t id)
{
        if (error)
                log_warning("The live deployment is not deployed again: %s", error->message);
}

static void rebuild_deploy(Pipeline *pipeline, App *app)
{
        /* deployd is root, and nobody else has asked for it. */
        const Call call = { .uid = 0, .done = on_asked };
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        if (deployment_create(pipeline, app, app->live->revision, NULL, DEPLOYMENT_DEPLOY, &call, &error) <
            0)
                log_warning("%s is not deployed again: %s", app->name, text_or_empty(error.message));
}

static bool has_unfinished(const App *app)
{
        const Deployment *deployment;

        LIST_FOREACH (app_deployments, deployment, app->deployments)
                if (deployment_status_is_unfinished(deployment->status) && !lost_release_is(deployment))
                        return true;
        return false;
}

void rebuild_lost(Pipeline *pipeline)
{
        const Deployment *deployment;
        App *app;

        assert(pipeline);

        LIST_FOREACH (deployments, deployment, pipeline->model->deployments)
                if (deployment->release_id == deployment->id && lost_release_is(deployment))
                        log_warning("Release %s is not on the disk any more", deployment->image_tag);
        LIST_FOREACH (apps, app, pipeline->model->apps) {
                if (!app->live || !lost_release_is(app->live) || app->stopped)
                        continue;
                app->status = APP_FAILED;
                model_changed_app(pipeline->model, app);
                log_line(LOG_WARNING, MESSAGE_APP_FAILED, &(LogSubject){ .app = app->name },
                         "App %s is failed: the release of its live deployment is not on the disk any more",
                         app->name);
                if (!has_unfinished(app))
                        rebuild_deploy(pipeline, app);
        }
}

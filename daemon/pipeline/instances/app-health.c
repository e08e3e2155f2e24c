/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/instances/app-health.h"

#include "base/log-ids.h"
#include "base/log.h"
#include "daemon/pipeline/instances/keeper.h"

static AppStatus status_of_live(const Deployment *deployment, AppStatus before)
{
        unsigned n = 0, n_running = 0, n_ended = 0;
        const Instance *instance;

        if (app_is_stopped(deployment->app))
                return APP_STOPPED;
        LIST_FOREACH (instances, instance, deployment->instances) {
                const Keeper *keeper = instance->keeper;

                if (instance->leaving)
                        continue;
                n++;
                if (instance->by_hand || instance->given_up) {
                        n_ended++;
                        continue;
                }
                /* Not read, not judged or not started yet: it is as it was. */
                if (!keeper || !keeper->seen || keeper->judging || keeper->evidence || keeper->starting)
                        return before;
                /* One that gets no requests is of no more use than one that does not run. */
                n_running += keeper->running && !keeper->unfit;
        }
        if (n_running == n)
                return APP_RUNNING;
        /* Nothing runs, and nothing is going to: not all were stopped, so deployd has given up at least one.
         */
        return n_ended == n ? APP_FAILED : APP_DEGRADED;
}

void app_health_judge(Pipeline *pipeline, Deployment *deployment)
{
        App *app = deployment->app;
        AppStatus status = status_of_live(deployment, app->status);
        LogSubject subject = { .app = app->name, .deployment = deployment->id };

        if (status == app->status)
                return;
        log_line(status == APP_RUNNING ? LOG_INFO : LOG_WARNING,
                 status == APP_FAILED ? MESSAGE_APP_FAILED : MESSAGE_APP_STATUS, &subject, "App %s is %s",
                 app->name, app_status_to_string(status));
        app->status = status;
        model_changed_app(pipeline->model, app);
}

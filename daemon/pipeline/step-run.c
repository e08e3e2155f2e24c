/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/log-ids.h"
#include "base/log.h"
#include "daemon/pipeline/attempt.h"
#include "daemon/pipeline/check.h"
#include "daemon/pipeline/keeper.h"
#include "daemon/pipeline/route.h"
#include "daemon/pipeline/scale.h"
#include "daemon/pipeline/step.h"

/* From starting to live: what an instance's unit means for its deployment. */

void step_start_enter(Pipeline *pipeline, Deployment *deployment)
{
        Instance *instance;

        attempt_set_text(deployment, "starting its processes", -1);
        LIST_FOREACH (instances, instance, deployment->instances)
                keeper_start(pipeline, instance);
}

static bool all_run(const Deployment *deployment)
{
        const Instance *instance;

        LIST_FOREACH (instances, instance, deployment->instances) {
                const Keeper *keeper = instance->keeper;

                if (!keeper || !keeper->running)
                        return false;
        }
        return true;
}

/* Who listens is looked at; where nobody does, whether they keep running. */
static bool is_checked(const Instance *instance)
{
        const Instance *other;

        if (instance->port != 0)
                return true;
        LIST_FOREACH (instances, other, instance->deployment->instances)
                if (other->port != 0)
                        return false;
        return true;
}

void step_run_poll(Pipeline *pipeline, Deployment *deployment)
{
        Instance *instance;

        if (!all_run(deployment))
                return;
        if (deployment->status == DEPLOYMENT_STARTING)
                attempt_handle(pipeline, deployment, FLOW_DONE, NULL);
        else if (deployment->status == DEPLOYMENT_CHECKING)
                LIST_FOREACH (instances, instance, deployment->instances)
                        if (is_checked(instance))
                                keeper_check(instance->keeper);
        /* After a restart of the daemon the ingress may have answered before the units were read. */
        if (deployment->status == DEPLOYMENT_SWITCHING)
                step_switch_poll(pipeline, deployment);
}

void step_check_enter(Pipeline *pipeline, Deployment *deployment)
{
        _cleanup_free_ char *awaited = NULL;
        Instance *instance;

        LIST_FOREACH (instances, instance, deployment->instances)
                if (instance->port != 0 && !awaited)
                        awaited = check_describe_awaited(instance);
        attempt_set_text(deployment, awaited ? awaited : "seeing that it keeps running", -1);
        /* After a restart of the daemon the units are taken back first. */
        LIST_FOREACH (instances, instance, deployment->instances)
                keeper_start(pipeline, instance);
        step_run_poll(pipeline, deployment);
}

void step_check_poll(Pipeline *pipeline, Deployment *deployment)
{
        const Instance *instance;

        LIST_FOREACH (instances, instance, deployment->instances)
                if (is_checked(instance) && !instance->fit)
                        return;
        attempt_handle(pipeline, deployment, FLOW_DONE, NULL);
}

void step_live_enter(Pipeline *pipeline, Deployment *deployment)
{
        Instance *instance;

        if (deployment->app->stopped)
                return;
        LIST_FOREACH (instances, instance, deployment->instances)
                keeper_resume(pipeline, instance);
        ingress_poll(pipeline->params.ingress);
        step_live_judge(pipeline, deployment);
        scale_poll(pipeline, deployment->app);
}

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

void step_live_judge(Pipeline *pipeline, Deployment *deployment)
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

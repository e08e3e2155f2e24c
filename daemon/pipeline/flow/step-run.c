/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "daemon/pipeline/files/places.h"
#include "daemon/pipeline/flow/attempt.h"
#include "daemon/pipeline/flow/step.h"
#include "daemon/pipeline/instances/app-health.h"
#include "daemon/pipeline/instances/keeper.h"
#include "daemon/pipeline/instances/readiness.h"
#include "daemon/pipeline/instances/route.h"
#include "daemon/pipeline/instances/scale.h"

/* From starting to live: what an instance's unit means for its deployment. */

bool step_has_places(Pipeline *pipeline, Deployment *deployment)
{
        _cleanup_free_ char *refusal = NULL;
        int r = places_check(deployment, deployment_settings(deployment), &refusal);

        if (r < 0)
                attempt_fail(pipeline, deployment,
                             "the directories that it keeps could not be looked at: %s", strerror(-r));
        else if (refusal)
                attempt_fail(pipeline, deployment, "%s", refusal);
        return r >= 0 && !refusal;
}

void step_start_enter(Pipeline *pipeline, Deployment *deployment)
{
        Instance *instance;

        if (!step_has_places(pipeline, deployment))
                return;
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
                        awaited = readiness_describe_awaited(instance, NULL);
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
        /* One of them may have crashed while this was committed, which has closed all: step_switch_back().
         */
        route_open(deployment);
        ingress_poll(pipeline->params.ingress);
        app_health_judge(pipeline, deployment);
        scale_poll(pipeline, deployment->app);
}

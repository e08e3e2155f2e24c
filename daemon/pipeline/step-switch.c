/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "daemon/pipeline/attempt.h"
#include "daemon/pipeline/keeper.h"
#include "daemon/pipeline/route.h"
#include "daemon/pipeline/step.h"

void step_switch_enter(Pipeline *pipeline, Deployment *deployment)
{
        Instance *instance;

        attempt_set_text(deployment, "letting requests in", -1);
        /* After a restart of the daemon the units are taken back first. */
        LIST_FOREACH (instances, instance, deployment->instances)
                keeper_start(pipeline, instance);
        route_set(deployment, ROUTE_READY, 0);
        if (deployment->app->live)
                route_set(deployment->app->live, ROUTE_DRAINING, 0);
        ingress_poll(pipeline->params.ingress);
        step_switch_poll(pipeline, deployment);
}

void step_switch_poll(Pipeline *pipeline, Deployment *deployment)
{
        const Instance *instance;
        const char *sentence;

        /* A unit that has died meanwhile says so by its keeper, and must not be let in before that is known.
         */
        LIST_FOREACH (instances, instance, deployment->instances) {
                const Keeper *keeper = instance->keeper;

                if (!keeper || !keeper->running)
                        return;
        }
        if (route_is(deployment, ROUTE_READY)) {
                attempt_handle(pipeline, deployment, FLOW_DONE, NULL);
                return;
        }
        sentence = ingress_sentence(pipeline->params.ingress, deployment->app);
        if (sentence) {
                _cleanup_free_ char *text = text_format("waiting: %s", sentence);

                attempt_set_text(deployment, text_or_empty(text), -1);
        }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/clock.h"
#include "base/text.h"
#include "daemon/pipeline/flow/attempt.h"
#include "daemon/pipeline/flow/step.h"
#include "daemon/pipeline/instances/keeper.h"
#include "daemon/pipeline/instances/readiness.h"
#include "daemon/pipeline/instances/route.h"

void step_switch_enter(Pipeline *pipeline, Deployment *deployment)
{
        Instance *instance;

        attempt_set_text(deployment, "letting requests in", -1);
        LIST_FOREACH (instances, instance, deployment->instances)
                keeper_take_back(pipeline, instance);
        step_switch_poll(pipeline, deployment);
}

/* Whether all its instances run and are fit for requests. Those that are not known to be are checked: after
 * a restart of the daemon. */
static bool is_ready(Deployment *deployment)
{
        const Instance *instance;
        bool ready = true;

        LIST_FOREACH (instances, instance, deployment->instances) {
                Keeper *keeper = instance->keeper;

                if (!keeper || !keeper->running)
                        return false;
        }
        LIST_FOREACH (instances, instance, deployment->instances)
                if (instance->port != 0 && !instance->fit) {
                        keeper_check(instance->keeper);
                        ready = false;
                }
        return ready;
}

static void on_settled(Pipeline *pipeline, Deployment *deployment)
{
        attempt_handle(pipeline, deployment, FLOW_DONE, NULL);
}

static void on_unsettled(Pipeline *pipeline, Deployment *deployment, const char *failure)
{
        attempt_fail(pipeline, deployment, "%s", failure);
}

/* Requests go to it: from now on it is watched. */
static void step_switch_watch(Pipeline *pipeline, Deployment *deployment, Attempt *attempt)
{
        static const SettleHandler handler = { .passed = on_settled, .failed = on_unsettled };
        _cleanup_free_ char *text =
                text_format("requests go to it: watching it for %g s",
                            (double) readiness_settle_usec(pipeline, deployment) / USEC_PER_SEC);

        if (deployment->assigned_port != 0) {
                deployment->settles_at =
                        clock_usec(CLOCK_REALTIME) + readiness_settle_usec(pipeline, deployment);
                attempt_set_text(deployment, text_or_empty(text), -1);
        }
        if (settle_new(pipeline, deployment, &handler, &attempt->settle) < 0)
                pipeline_oom(pipeline);
}

void step_switch_poll(Pipeline *pipeline, Deployment *deployment)
{
        Attempt *attempt = attempt_of(pipeline, deployment);
        const char *sentence;

        if (!attempt)
                return pipeline_oom(pipeline);
        if (attempt->moving || attempt->going_back || attempt->settle || !is_ready(deployment))
                return;
        if (!attempt->open) {
                attempt->open = true;
                route_open(deployment);
                if (deployment->app->live)
                        route_close(deployment->app->live, ROUTE_DRAINING, 0);
                ingress_poll(pipeline->params.ingress);
        }
        if (attempt->settle)
                return;
        if (route_is(deployment, ROUTE_READY))
                return step_switch_watch(pipeline, deployment, attempt);
        sentence = ingress_sentence(pipeline->params.ingress, deployment->app);
        if (sentence) {
                _cleanup_free_ char *text = text_format("waiting: %s", sentence);

                attempt_set_text(deployment, text_or_empty(text), -1);
        }
}

void step_switch_back(Pipeline *pipeline, Deployment *deployment)
{
        Attempt *attempt = deployment->step;

        if (deployment->status != DEPLOYMENT_SWITCHING || !attempt || attempt->going_back)
                return;
        attempt->going_back = true;
        deployment->settles_at = 0;
        attempt->settle = settle_free(attempt->settle);
        if (deployment->app->live)
                route_open(deployment->app->live);
        route_close(deployment, ROUTE_NONE, pipeline_config(pipeline)->drain_timeout);
        ingress_poll(pipeline->params.ingress);
}

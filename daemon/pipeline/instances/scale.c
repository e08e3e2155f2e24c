/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/instances/scale.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "daemon/pipeline/files/environment.h"
#include "daemon/pipeline/files/formation-plan.h"
#include "daemon/pipeline/files/lost-release.h"
#include "daemon/pipeline/instances/keeper.h"
#include "daemon/pipeline/instances/ports.h"
#include "daemon/pipeline/instances/rolling-restart.h"
#include "daemon/pipeline/instances/route.h"
#include "daemon/pipeline/jobs/reap.h"

/* ---- what is too much ---- */

/* One instance on its way out. It is known by its names: its deployment may be superseded meanwhile, and
 * then goes as a whole. */
typedef struct Leaving {
        Pipeline *pipeline;
        uint64_t deployment;
        char *unit;
        sd_event_source *deadline; /* when it goes whatever is still open */
        bool reaping;
        LIST_FIELDS(struct Leaving, leavings);
} Leaving;

static Leaving *leaving_free(Leaving *leaving)
{
        LIST_REMOVE(leavings, leaving->pipeline->leavings, leaving);
        sd_event_source_disable_unref(leaving->deadline);
        free(leaving->unit);
        free(leaving);
        return NULL;
}

void leavings_free(Pipeline *pipeline)
{
        while (pipeline->leavings)
                leaving_free(pipeline->leavings);
}

static Instance *scale_find_instance(const Leaving *leaving)
{
        const Deployment *deployment = model_deployment(leaving->pipeline->model, leaving->deployment);

        if (!deployment || deployment->status != DEPLOYMENT_LIVE)
                return NULL;
        return deployment_instance(deployment, leaving->unit);
}

/* Nothing of it runs any more. Its app may want it again by now. */
static App *scale_forget(Pipeline *pipeline, Instance *instance)
{
        StoreAsk ask = { .actor = STORE_DEPLOYD, .deadline = USEC_INFINITY };
        Deployment *deployment = instance->deployment;

        (void) store_deployment_forget_instance(pipeline->store, instance, &ask);
        environment_remove(instance);
        instance_free(instance);
        model_changed_deployment(pipeline->model, deployment);
        model_changed_app(pipeline->model, deployment->app);
        return deployment->app;
}

/* True if it is gone, with the app to look at in *ret. */
static bool scale_go_on(Leaving *leaving, App **ret)
{
        Pipeline *pipeline = leaving->pipeline;
        Instance *instance = scale_find_instance(leaving);

        if (!instance) {
                leaving_free(leaving);
                return true;
        }
        if (!leaving->reaping) {
                if (leaving->deadline && instance->routed != ROUTE_NONE)
                        return false;
                leaving->reaping = true;
                leaving->deadline = sd_event_source_disable_unref(leaving->deadline);
                reap_unit(pipeline, leaving->unit, (ReapOwner){ .deployment = leaving->deployment });
        }
        if (reap_is_pending_for_unit(pipeline, leaving->unit))
                return false;
        leaving_free(leaving);
        *ret = scale_forget(pipeline, instance);
        return true;
}

void leavings_poll(Pipeline *pipeline)
{
        Leaving *leaving;
        App *app = NULL;

        assert(pipeline);

        LIST_FOREACH (leavings, leaving, pipeline->leavings)
                if (scale_go_on(leaving, &app))
                        break;
        if (!leaving)
                return;
        if (app)
                scale_poll(pipeline, app);
        leavings_poll(pipeline);
}

static int scale_on_deadline(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
        Leaving *leaving = userdata;

        leaving->deadline = sd_event_source_disable_unref(leaving->deadline);
        leavings_poll(leaving->pipeline);
        return 0;
}

static void scale_leave(Pipeline *pipeline, Instance *instance)
{
        Leaving *leaving = calloc(1, sizeof(Leaving));
        int r = leaving ? 0 : -ENOMEM;

        if (leaving) {
                *leaving = (Leaving){ .pipeline = pipeline,
                                      .deployment = instance->deployment->id,
                                      .unit = strdup(instance->unit) };
                LIST_APPEND(leavings, pipeline->leavings, leaving);
                r = leaving->unit ? 0 : -ENOMEM;
        }
        instance->leaving = true;
        instance->restart = RESTART_NOT;
        keeper_free(instance->keeper);
        model_changed_app(pipeline->model, instance->deployment->app);
        if (r >= 0 && instance->port != 0)
                r = route_drain(pipeline, instance->deployment, instance, scale_on_deadline, leaving,
                                &leaving->deadline);
        if (r < 0)
                pipeline_fatal(pipeline, "an instance could not be taken down");
}

/* ---- what is missing ---- */

/* Instances on their way into the database. */
typedef struct Growth {
        Pipeline *pipeline;
        uint64_t deployment;
        Plan plan;
} Growth;

static void growth_free(void *userdata)
{
        Growth *growth = userdata;

        formation_plan_done(&growth->plan);
        free(growth);
}

static void on_grown(void *userdata, int error, const StoreReply *reply)
{
        Growth *growth = userdata;
        Pipeline *pipeline = growth->pipeline;
        Deployment *deployment = model_deployment(pipeline->model, growth->deployment);
        const PortRange *range = &pipeline_config(pipeline)->port_range;

        if (deployment)
                deployment->grows = false;
        if (deployment && error < 0)
                log_warning("%s has fewer instances than its formation says: %s", deployment->app->name,
                            error == -ESTALE && reply->number == 1 ? "no port is free"
                            : reply->sentence[0]                   ? reply->sentence
                                                                   : strerror(-error));
        if (error == -ESTALE && reply->number == 1)
                log_warning("The ports are %u-%u: range of [ports] in deploy.conf", range->low, range->high);
        for (size_t i = 0; deployment && error >= 0 && i < growth->plan.n; i++) {
                const StoreInstance *item = &growth->plan.items[i];

                if (!instance_new(deployment, item->process, item->number, reply->ports[i]))
                        pipeline_oom(pipeline);
        }
        growth_free(growth);
        if (!deployment || error < 0)
                return;
        model_changed_deployment(pipeline->model, deployment);
        model_changed_app(pipeline->model, deployment->app);
        if (deployment->status == DEPLOYMENT_LIVE && !deployment->app->stopped) {
                Instance *instance;

                LIST_FOREACH (instances, instance, deployment->instances)
                        if (!instance->keeper && !instance->by_hand && !instance->leaving)
                                keeper_start(pipeline, instance);
                scale_poll(pipeline, deployment->app);
        }
}

/* Takes out of the plan what is there, and what is on its way out under the same name. */
static void keep_missing(Plan *plan, const Deployment *deployment)
{
        size_t n = 0;

        for (size_t i = 0; i < plan->n; i++)
                if (deployment_instance(deployment, plan->items[i].unit))
                        free(plan->units[i]);
                else {
                        plan->units[n] = plan->units[i];
                        plan->items[n++] = plan->items[i];
                }
        plan->n = n;
}

/* Which ports somebody holds is known: the new instances get others. */
static void scale_on_ports(void *userdata, const uint64_t *held, size_t n_held)
{
        Growth *growth = userdata;
        Pipeline *pipeline = growth->pipeline;
        const PortRange *range = &pipeline_config(pipeline)->port_range;
        const StorePorts ports = { range->low, range->high, pipeline->next_port, held, n_held };
        StoreAsk ask = { STORE_DEPLOYD, USEC_INFINITY, on_grown, growth, growth_free };
        Deployment *deployment = model_deployment(pipeline->model, growth->deployment);

        if (!deployment || deployment->status != DEPLOYMENT_LIVE) {
                if (deployment)
                        deployment->grows = false;
                growth_free(growth);
        } else if (store_deployment_scale_up(pipeline->store, deployment, growth->plan.items, growth->plan.n,
                                             &ports, &ask) < 0) {
                growth_free(growth);
                pipeline_fatal(pipeline, "a change could not be sent to the database");
        }
}

static int scale_grow(Pipeline *pipeline, Deployment *deployment, Growth *growth)
{
        growth->pipeline = pipeline;
        growth->deployment = deployment->id;
        deployment->grows = true;
        return ports_ask(pipeline, scale_on_ports, growth_free, growth);
}

void scale_poll(Pipeline *pipeline, App *app)
{
        Deployment *live = app->live;
        const Release *release = live ? deployment_release(live) : NULL;
        _cleanup_free_ char *sentence = NULL;
        Growth *growth;
        Instance *instance, *next;
        int r;

        assert(pipeline);

        if (!release || lost_release_is(live) || live->grows || app->stopped)
                return;
        growth = calloc(1, sizeof(Growth));
        r = growth ? formation_plan_make(live, release, &growth->plan, &sentence) : -ENOMEM;
        if (r == -ENOMEM)
                pipeline_oom(pipeline);
        if (r < 0) {
                if (sentence)
                        log_warning("%s is left as it is: %s", app->name, sentence);
                free(growth);
                return;
        }
        LIST_FOREACH_SAFE (instances, instance, next, live->instances)
                if (!instance->leaving && !formation_plan_has(&growth->plan, instance->unit))
                        scale_leave(pipeline, instance);
        keep_missing(&growth->plan, live);
        r = growth->plan.n > 0 ? scale_grow(pipeline, live, growth) : -ENODATA;
        if (r < 0)
                growth_free(growth);
        if (r < 0 && r != -ENODATA)
                pipeline_fatal(pipeline, "a change could not be sent to the database");
        if (pipeline->leavings) {
                rolling_restart_poll(pipeline, live);
                ingress_poll(pipeline->params.ingress);
                leavings_poll(pipeline);
        }
}

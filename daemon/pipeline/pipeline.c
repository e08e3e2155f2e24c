/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "daemon/pipeline/adopt.h"
#include "daemon/pipeline/calls/credential-calls.h"
#include "daemon/pipeline/calls/history-calls.h"
#include "daemon/pipeline/calls/repository-calls.h"
#include "daemon/pipeline/files/ownership.h"
#include "daemon/pipeline/flow/attempt.h"
#include "daemon/pipeline/flow/cancellation.h"
#include "daemon/pipeline/flow/queue.h"
#include "daemon/pipeline/flow/retire.h"
#include "daemon/pipeline/flow/step.h"
#include "daemon/pipeline/instances/keeper.h"
#include "daemon/pipeline/instances/ports.h"
#include "daemon/pipeline/instances/rolling-restart.h"
#include "daemon/pipeline/instances/scale.h"
#include "daemon/pipeline/jobs/build.h"
#include "daemon/pipeline/jobs/fetch.h"
#include "daemon/pipeline/jobs/reap.h"
#include "daemon/pipeline/jobs/release-remove.h"
#include "daemon/pipeline/jobs/sandbox-probe.h"
#include "daemon/pipeline/resume.h"
#include "daemon/pipeline/upkeep/archive.h"
#include "daemon/pipeline/upkeep/environment-gc.h"
#include "daemon/pipeline/upkeep/purge.h"
#include "daemon/pipeline/upkeep/release-gc.h"
#include "daemon/pipeline/upkeep/retention.h"

/* All that may have waited for it. */
static void on_unit_gone(Pipeline *pipeline, const char *unit, uint64_t deployment, uint64_t repository)
{
        _cleanup_unit_name_ UnitName name = {};

        if (unit_name_parse(unit, &name) >= 0 && name.kind == UNIT_BUILD)
                build_forget(name.id);
        if (deployment) {
                retire_poll(pipeline, deployment);
                keepers_poll(pipeline, deployment);
        }
        if (repository)
                fetch_poll(pipeline);
        leavings_poll(pipeline);
        archives_poll(pipeline);
        purges_poll(pipeline);
        retention_poll(pipeline);
        sandbox_probe_poll(pipeline);
        resume_poll(pipeline);
        if (deployment)
                resume_late(pipeline, deployment);
}

/* Builds may wait for what has changed. */
static void poll_builds(Pipeline *pipeline)
{
        Deployment *deployment;

        LIST_FOREACH (deployments, deployment, pipeline->model->deployments)
                if (deployment->status == DEPLOYMENT_BUILDING)
                        step_build_poll(pipeline, deployment);
}

static void on_limits_known(Pipeline *pipeline)
{
        pipeline->params.sandbox_known(pipeline->params.userdata);
        poll_builds(pipeline);
}

/* What the end of a deployment means for others. */
static void pipeline_on_moved(Pipeline *pipeline, Deployment *deployment, const FlowRow *row)
{
        if (deployment_status_is_finished(row->to)) {
                environment_collect(pipeline, deployment->app);
                archive_begin(pipeline, deployment);
                release_gc(pipeline, deployment->app);
                attempt_free(deployment->step);
        }
        queue_poll(pipeline);
}

static const PipelineEvents events = {
        .unit_gone = on_unit_gone,
        .limits_known = on_limits_known,
        .head_seen = repository_learn_head,
        .moved = pipeline_on_moved,
};

int pipeline_new(const PipelineParams *params, Pipeline **ret)
{
        Pipeline *pipeline;
        int r;

        assert(params && params->event && params->model && params->store && params->units);
        assert(params->engine && params->probe);
        assert(params->config && params->fatal);
        assert(ret);

        pipeline = calloc(1, sizeof(Pipeline));
        if (!pipeline)
                return -ENOMEM;
        *pipeline = (Pipeline){
                .params = *params,
                .events = &events,
                .instance_events = steps_instance_events(),
                .steps = steps_table(),
                .model = params->model,
                .store = params->store,
                .units = params->units,
                .engine = params->engine,
                .sandbox.state = SANDBOX_PROBING,
        };
        pipeline->ownership = calloc(1, sizeof(Ownership));
        r = pipeline->ownership ? ports_watch(pipeline) : -ENOMEM;
        if (r < 0) {
                ownership_free(pipeline->ownership);
                free(pipeline);
                return r;
        }
        *ret = pipeline;
        return 0;
}

Pipeline *pipeline_free(Pipeline *pipeline)
{
        Deployment *deployment;

        if (!pipeline)
                return NULL;
        pipeline->ending = true;
        repository_fetches_end(pipeline, NULL);
        key_makers_end(pipeline, NULL);
        LIST_FOREACH (deployments, deployment, pipeline->model->deployments) {
                attempt_free(deployment->step);
                keepers_free(deployment);
        }
        while (pipeline->reaps)
                reap_free(pipeline->reaps);
        while (pipeline->retirements)
                retire_free(pipeline->retirements);
        sandbox_probe_free(pipeline);
        ports_free(pipeline);
        leavings_free(pipeline);
        archives_free(pipeline);
        release_removals_free(pipeline);
        purges_free(pipeline);
        cancellations_free(pipeline);
        histories_free(pipeline);
        unit_call_free(pipeline->listing);
        adopt_free(pipeline);
        ownership_free(pipeline->ownership);
        sd_event_source_disable_unref(pipeline->retention);
        sd_event_source_disable_unref(pipeline->resume_patience);
        sd_event_source_disable_unref(pipeline->expiry);
        sd_event_source_disable_unref(pipeline->space_look);
        assert(!pipeline->fetches);
        free(pipeline);
        return NULL;
}

const char *pipeline_attention(const Pipeline *pipeline)
{
        assert(pipeline);
        return pipeline->ownership->sentence;
}

int pipeline_refuse_change(Pipeline *pipeline, sd_bus_error *reterr)
{
        return ownership_refuse(pipeline, reterr);
}

const SandboxReport *pipeline_sandbox(const Pipeline *pipeline)
{
        assert(pipeline);
        return &pipeline->sandbox;
}

void pipeline_config_changed(Pipeline *pipeline)
{
        App *app;

        assert(pipeline);

        if (!pipeline->resumed)
                return;
        queue_poll(pipeline);
        poll_builds(pipeline);
        release_gc_all(pipeline);
        ingress_poll(pipeline->params.ingress);
        LIST_FOREACH (apps, app, pipeline->model->apps)
                model_changed_app(pipeline->model, app);
}

void pipeline_database_changed(Pipeline *pipeline, bool away)
{
        Deployment *deployment;

        assert(pipeline);

        pipeline->database_away = away;
        LIST_FOREACH (deployments, deployment, pipeline->model->deployments)
                attempt_say_waits(deployment->step);
}

void pipeline_ingress_changed(Pipeline *pipeline)
{
        Deployment *deployment;

        assert(pipeline);

        LIST_FOREACH (deployments, deployment, pipeline->model->deployments)
                if (deployment->status == DEPLOYMENT_SWITCHING)
                        step_switch_poll(pipeline, deployment);
                else if (deployment->status == DEPLOYMENT_LIVE)
                        rolling_restart_poll(pipeline, deployment);
        retire_poll_all(pipeline);
        leavings_poll(pipeline);
}

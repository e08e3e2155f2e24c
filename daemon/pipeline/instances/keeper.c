/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/instances/keeper.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/clock.h"
#include "base/log-ids.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/pipeline/files/environment.h"
#include "daemon/pipeline/instances/keeper-internal.h"
#include "daemon/pipeline/instances/readiness.h"
#include "daemon/pipeline/instances/route.h"
#include "daemon/pipeline/jobs/app-unit.h"
#include "daemon/pipeline/jobs/reap.h"
#include "systemd/unit-own.h"

Keeper *keeper_free(Keeper *keeper)
{
        const Engine *engine;

        if (!keeper)
                return NULL;
        engine = keeper->pipeline->engine;
        engine->call_free(keeper->call);
        engine->call_free(keeper->limits);
        engine->watch_free(keeper->watch);
        probe_wait_free(keeper->wait);
        elsewhere_free(keeper->elsewhere);
        sd_event_source_disable_unref(keeper->settle);
        engine->last_line_free(keeper->last_line);
        free(keeper->end);
        sd_event_source_disable_unref(keeper->restart);
        sd_event_source_disable_unref(keeper->recheck);
        engine->stop_evidence_free(keeper->evidence);
        sd_event_source_disable_unref(keeper->drain);
        engine->shutdown_free(keeper->judging);
        keeper->instance->fit = keeper->instance->pausing = false;
        keeper->instance->keeper = NULL;
        free(keeper);
        return NULL;
}

bool keeper_runs(const Instance *instance)
{
        const Keeper *keeper = instance->keeper;

        return keeper && keeper->running;
}

void keepers_free(Deployment *deployment)
{
        Instance *instance;

        LIST_FOREACH (instances, instance, deployment->instances)
                keeper_free(instance->keeper);
}

void keeper_fail(Keeper *keeper, const char *format, ...)
{
        Pipeline *pipeline = keeper->pipeline;
        _cleanup_free_ char *sentence = NULL;
        va_list arguments;

        va_start(arguments, format);
        if (vasprintf(&sentence, format, arguments) < 0)
                sentence = NULL;
        va_end(arguments);
        if (!sentence)
                return pipeline_oom(pipeline);
        pipeline->instance_events->failed(pipeline, keeper->instance->deployment, sentence);
}

void keeper_tell_changed(Keeper *keeper)
{
        keeper->pipeline->instance_events->changed(keeper->pipeline, keeper->instance->deployment);
}

/* How the unit's end is told: with what it had not come to yet, and what it said last. */
static void keeper_on_last_line(void *userdata, char *line)
{
        Keeper *keeper = userdata;
        const Instance *instance = keeper->instance;
        _cleanup_free_ char *end = TAKE_PTR(keeper->end), *before = NULL, *said = NULL;

        keeper->last_line = NULL;
        if (instance->deployment->status != DEPLOYMENT_SWITCHING)
                before = readiness_describe_missing(instance, keeper->noted);
        said = app_unit_quote(instance->deployment, line);
        keeper_fail(keeper, "%s.%u %s%s%s", instance->process, instance->number, end, text_or_empty(before),
                    text_or_empty(said));
}

/* It has ended by itself: that is told with what it said last, which is read first. */
static void fail_with_last_line(Keeper *keeper, const char *end, sd_id128_t invocation)
{
        if (keeper->last_line)
                return;
        keeper->pipeline->instance_events->ended(keeper->pipeline, keeper->instance->deployment);
        if (text_replace(&keeper->end, end) < 0 ||
            keeper->pipeline->engine->last_line(keeper->pipeline->params.event, keeper->instance->unit,
                                                invocation, keeper_on_last_line, keeper,
                                                &keeper->last_line) < 0)
                pipeline_oom(keeper->pipeline);
}

static void on_state_before_live(Keeper *keeper, const UnitState *state, sd_id128_t before)
{
        const Instance *instance = keeper->instance;
        Deployment *deployment = instance->deployment;

        /* It may take its stop timeout to end now. */
        if (!keeper->noted && readiness_is_by_notice(instance) &&
            (state->late || strcmp(state->result, "timeout") == 0))
                keeper_fail(keeper, "%s.%u did not say READY=1 within %g s", instance->process,
                            instance->number,
                            (double) pipeline_config(keeper->pipeline)->start_timeout / USEC_PER_SEC);
        else if (unit_state_is_over(state) || strcmp(state->sub, "auto-restart") == 0) {
                _cleanup_free_ char *end = unit_state_describe_end(state);

                fail_with_last_line(keeper, text_or_empty(end),
                                    sd_id128_is_null(before) ? state->invocation : before);
        } else if (state->n_restarts > 0 ||
                   (!sd_id128_is_null(before) && !sd_id128_equal(before, state->invocation)))
                fail_with_last_line(keeper, "ended and was started again", before);
        else if (keeper->running)
                keeper->pipeline->instance_events->runs(keeper->pipeline, deployment);
}

/* Before it is live that is the deployment's failure. Takes the sentence. */
static void cannot_run(Keeper *keeper, const char *what, char *sentence)
{
        const Instance *instance = keeper->instance;
        Deployment *deployment = instance->deployment;
        _cleanup_free_ char *text = sentence;

        if (deployment->status != DEPLOYMENT_LIVE)
                return keeper_fail(keeper, "%s.%u %s: %s", instance->process, instance->number, what,
                                   text_or_empty(text));
        log_warning("%s.%u of %s %s: %s", instance->process, instance->number, deployment->app->name, what,
                    text_or_empty(text));
        keeper_live_on_state(keeper, keeper->invocation);
}

/* It is not adopted: nothing of it is the instance's, whose own unit somebody must have stopped. */
static void on_stranger(Keeper *keeper, const UnitState *state)
{
        if (keeper->stranger)
                return;
        keeper->seen = keeper->stranger = true;
        keeper->starting = keeper->running = keeper->loaded = keeper->failed = keeper->exited = false;
        keeper->invocation = SD_ID128_NULL;
        keeper->instance->control_group_id = 0;
        keeper_close(keeper);
        cannot_run(keeper, "does not run", unit_describe_stranger(keeper->instance->unit, state));
}

/* After the state is read: how long a run of its program takes. */
static void measure_run(Keeper *keeper, sd_id128_t before)
{
        uint64_t now = clock_usec(CLOCK_MONOTONIC);

        if (keeper->running_since > 0 && (!keeper->running || !sd_id128_equal(before, keeper->invocation))) {
                keeper->longest_run = MAX2(keeper->longest_run, now - keeper->running_since);
                keeper->running_since = 0;
        }
        if (keeper->running && keeper->running_since == 0)
                keeper->running_since = now;
}

static void keeper_on_state(void *userdata, const UnitState *state)
{
        Keeper *keeper = userdata;
        sd_id128_t before = keeper->invocation;
        bool other;

        if (!state->own)
                return on_stranger(keeper, state);
        keeper->stranger = false;
        keeper->seen = true;
        keeper->loaded = !unit_state_is_gone(state);
        keeper->starting = unit_state_is_starting(state);
        keeper->failed = unit_state_is_failed(state);
        keeper->running = unit_state_is_running(state);
        other = !sd_id128_equal(keeper->ran, state->invocation);
        if (!keeper->running || other)
                keeper_close(keeper);
        if (keeper->running && other) {
                keeper->ran = state->invocation;
                environment_note_run(keeper->instance, state->invocation);
                keeper->noted = true;
        }
        keeper->exited = state->loaded && strcmp(state->sub, "exited") == 0 && !state->job_pending;
        keeper->invocation = state->invocation;
        keeper->instance->control_group_id = state->control_group_id;
        measure_run(keeper, before);
        if (keeper->instance->deployment->status == DEPLOYMENT_LIVE)
                keeper_live_on_state(keeper, before);
        else
                on_state_before_live(keeper, state, before);
}

static void keeper_on_started(void *userdata, int error, const char *sentence)
{
        Keeper *keeper = userdata;
        const Instance *instance = keeper->instance;

        keeper->call = NULL;
        if (error >= 0 && !keeper->watch)
                error = keeper->pipeline->engine->watch(keeper->pipeline->units, instance->unit,
                                                        keeper_on_state, keeper, &keeper->watch);
        if (error >= 0)
                return;
        keeper->seen = keeper->failed = true;
        cannot_run(keeper, "could not be started", strdup(sentence ? sentence : strerror(-error)));
}

static int keeper_start_unit(Keeper *keeper)
{
        const Config *config = pipeline_config(keeper->pipeline);
        const Instance *instance = keeper->instance;
        _cleanup_free_ char *dyno = instance_dyno(instance);
        _cleanup_free_ char *environment = environment_path(instance);
        _cleanup_app_unit_ AppUnit unit = {};
        int r;

        if (!dyno || !environment)
                return -ENOMEM;
        r = environment_write(instance);
        if (r >= 0)
                r = app_unit_make(keeper->pipeline, instance->deployment, UNIT_APP, instance->unit,
                                  instance->process, dyno, environment, &unit);
        if (r < 0)
                return r;
        unit.spec.notify = readiness_is_by_notice(instance);
        unit.spec.timeout_usec = config->start_timeout;
        unit.spec.restart_pause_usec = config->restart_pause;
        unit.spec.restart_burst = (unsigned) config->restart_burst;
        return keeper->pipeline->engine->start(keeper->pipeline->units, &unit.spec, keeper_on_started,
                                               keeper, &keeper->call);
}

/* A unit of that name that is on its way out would be taken for this one: keepers_poll() goes on when it is
 * gone. */
static void keeper_begin(Keeper *keeper)
{
        int r;

        keeper->waits = reap_is_pending_for_unit(keeper->pipeline, keeper->instance->unit);
        if (keeper->waits)
                return;
        r = keeper_start_unit(keeper);
        if (r < 0)
                keeper_on_started(keeper, r, NULL);
}

static Keeper *keeper_new(Pipeline *pipeline, Instance *instance)
{
        Keeper *keeper = calloc(1, sizeof(Keeper));

        if (!keeper) {
                pipeline_oom(pipeline);
                return NULL;
        }
        *keeper = (Keeper){ .pipeline = pipeline, .instance = instance, .rechecks = BACKOFF_INIT };
        instance->keeper = keeper;
        return keeper;
}

void keeper_start(Pipeline *pipeline, Instance *instance)
{
        Keeper *keeper;

        assert(pipeline);
        assert(instance);

        if (instance->keeper)
                return;
        instance->by_hand = false;
        keeper = keeper_new(pipeline, instance);
        if (keeper)
                keeper_begin(keeper);
}

void keeper_take_back(Pipeline *pipeline, Instance *instance)
{
        sd_id128_t ran = instance->keeper ? SD_ID128_NULL : environment_last_run(instance);
        Keeper *keeper;

        assert(pipeline);
        assert(instance);

        if (!instance->keeper && !instance->missing && !sd_id128_is_null(ran))
                instance_set_route(instance, ROUTE_READY, 0);
        keeper_start(pipeline, instance);
        keeper = instance->keeper;
        /* A unit that is kept as failed may have been stopped by hand: in that run. */
        if (keeper && !sd_id128_is_null(ran))
                keeper->ran = ran;
}

/* Nothing of it is started before the journal has said whether it was stopped by hand. */
static void on_evidence_at_start(void *userdata, bool stopped)
{
        Keeper *keeper = userdata;

        keeper->evidence = NULL;
        keeper->seen = true;
        if (stopped)
                keeper_live_gone(keeper, true);
        else
                keeper_begin(keeper);
}

void keeper_resume(Pipeline *pipeline, Instance *instance)
{
        sd_id128_t ran = instance->keeper ? SD_ID128_NULL : environment_last_run(instance);
        Keeper *keeper = instance->keeper;

        assert(pipeline);

        /* It has become live, and its unit may have ended while that was being committed. */
        if (keeper && keeper->seen)
                return keeper_live_on_state(keeper, keeper->invocation);
        /* Given up before a restart of the daemon: it stays so, and its unit is only watched. */
        if (!instance->keeper && environment_is_given_up(instance)) {
                instance->given_up = true;
                if (!instance->missing)
                        keeper_start(pipeline, instance);
                return;
        }
        if (!instance->missing || sd_id128_is_null(ran))
                return keeper_take_back(pipeline, instance);
        keeper = keeper_new(pipeline, instance);
        if (!keeper)
                return;
        keeper->ran = ran;
        if (pipeline->engine->stop_evidence(pipeline->params.event, instance->unit, ran,
                                            on_evidence_at_start, keeper, &keeper->evidence) < 0)
                pipeline_oom(pipeline);
}

void keepers_poll(Pipeline *pipeline, uint64_t id)
{
        const Deployment *deployment = model_deployment(pipeline->model, id);
        const Instance *instance;

        if (!deployment)
                return;
        LIST_FOREACH (instances, instance, deployment->instances) {
                Keeper *keeper = instance->keeper;

                if (keeper && keeper->waits)
                        keeper_begin(keeper);
        }
}

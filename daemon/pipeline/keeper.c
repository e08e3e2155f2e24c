/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/keeper.h"

#include <errno.h>
#include <string.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/pipeline/again.h"
#include "daemon/pipeline/app-unit.h"
#include "daemon/pipeline/attempt.h"
#include "daemon/pipeline/check.h"
#include "daemon/pipeline/environment.h"
#include "daemon/pipeline/reap.h"
#include "daemon/pipeline/renew.h"
#include "daemon/pipeline/route.h"
#include "daemon/pipeline/step.h"
#include "systemd/unit-own.h"

Keeper *keeper_free(Keeper *keeper)
{
        if (!keeper)
                return NULL;
        unit_call_free(keeper->call);
        unit_watch_free(keeper->watch);
        probe_wait_free(keeper->wait);
        sd_event_source_disable_unref(keeper->settle);
        last_line_free(keeper->last_line);
        free(keeper->end);
        sd_event_source_disable_unref(keeper->restart);
        sd_event_source_disable_unref(keeper->drain);
        shutdown_wait_free(keeper->judging);
        keeper->instance->keeper = NULL;
        free(keeper);
        return NULL;
}

void keepers_free(Deployment *deployment)
{
        Instance *instance;

        LIST_FOREACH (instances, instance, deployment->instances)
                keeper_free(instance->keeper);
}

/* How the unit's end is told: with what it had not come to yet, and what it said last. */
static void on_last_line(void *userdata, char *line)
{
        Keeper *keeper = userdata;
        const Instance *instance = keeper->instance;
        _cleanup_free_ char *end = TAKE_PTR(keeper->end), *before = NULL, *said = NULL;

        keeper->last_line = NULL;
        if (instance->deployment->status != DEPLOYMENT_SWITCHING)
                before = check_describe_missing(instance, keeper->noted);
        said = app_unit_quote(instance->deployment->app, line);
        attempt_fail(keeper->pipeline, instance->deployment, "%s.%u %s%s%s", instance->process,
                     instance->number, end, text_or_empty(before), text_or_empty(said));
}

static void fail(Keeper *keeper, const char *end, sd_id128_t invocation)
{
        if (keeper->last_line)
                return;
        if (text_replace(&keeper->end, end) < 0 ||
            last_line_new(keeper->pipeline->params.event, keeper->instance->unit, invocation, on_last_line,
                          keeper, &keeper->last_line) < 0)
                keeper->pipeline->params.fatal(keeper->pipeline->params.userdata, "out of memory");
}

static void judge_while_live(void *userdata)
{
        Keeper *keeper = userdata;

        keeper->judging = shutdown_wait_free(keeper->judging);
        again_plan(keeper);
        step_live_judge(keeper->pipeline, keeper->instance->deployment);
}

/* It is new, or was started anew, and gets requests when it listens. */
static bool wants_check(const Keeper *keeper)
{
        const Instance *instance = keeper->instance;

        if (!keeper->running || instance->port == 0 || instance->leaving || instance->renew == RENEW_DRAINS)
                return false;
        return instance->renew == RENEW_NOW ? !sd_id128_equal(keeper->invocation, instance->renewed_from)
                                            : instance->route == ROUTE_NONE;
}

static void on_state_while_live(Keeper *keeper, sd_id128_t before)
{
        if (!sd_id128_equal(before, keeper->invocation)) {
                keeper->listening = keeper->unfit = false;
                keeper->wait = probe_wait_free(keeper->wait);
        }
        if (wants_check(keeper))
                keeper_check(keeper);
        renew_poll(keeper->pipeline, keeper->instance->deployment);
        if (keeper->running)
                judge_while_live(keeper);
        else if (!keeper->judging &&
                 shutdown_wait_new(keeper->pipeline->units, judge_while_live, keeper, &keeper->judging) < 0)
                keeper->pipeline->params.fatal(keeper->pipeline->params.userdata,
                                               "systemd could not be asked");
}

static void on_state_before_live(Keeper *keeper, const UnitState *state, sd_id128_t before)
{
        const Instance *instance = keeper->instance;
        Deployment *deployment = instance->deployment;

        /* It may take its stop timeout to end now. */
        if (!keeper->noted && check_is_by_notice(instance) &&
            (state->late || strcmp(state->result, "timeout") == 0))
                attempt_fail(keeper->pipeline, deployment, "%s.%u did not say READY=1 within %g s",
                             instance->process, instance->number,
                             (double) pipeline_config(keeper->pipeline)->start_timeout / USEC_PER_SEC);
        else if (unit_state_is_over(state) || strcmp(state->sub, "auto-restart") == 0) {
                _cleanup_free_ char *end = unit_state_describe_end(state);

                fail(keeper, text_or_empty(end), sd_id128_is_null(before) ? state->invocation : before);
        } else if (state->n_restarts > 0 ||
                   (!sd_id128_is_null(before) && !sd_id128_equal(before, state->invocation)))
                fail(keeper, "ended and was started again", before);
        else if (keeper->running)
                step_start_poll(keeper->pipeline, deployment);
}

/* Before it is live that is the deployment's failure. Takes the sentence. */
static void cannot_run(Keeper *keeper, const char *what, char *sentence)
{
        const Instance *instance = keeper->instance;
        Deployment *deployment = instance->deployment;
        _cleanup_free_ char *text = sentence;

        if (deployment->status != DEPLOYMENT_LIVE)
                return attempt_fail(keeper->pipeline, deployment, "%s.%u %s: %s", instance->process,
                                    instance->number, what, text_or_empty(text));
        log_warning("%s.%u of %s %s: %s", instance->process, instance->number, deployment->app->name, what,
                    text_or_empty(text));
        on_state_while_live(keeper, keeper->invocation);
}

/* It is not adopted: nothing of it is the instance's, whose own unit somebody must have stopped. */
static void on_stranger(Keeper *keeper, const UnitState *state)
{
        if (keeper->stranger)
                return;
        keeper->seen = keeper->stranger = true;
        keeper->starting = keeper->running = keeper->loaded = keeper->failed = keeper->exited = false;
        keeper->invocation = SD_ID128_NULL;
        keeper->control_group_id = 0;
        cannot_run(keeper, "does not run", unit_describe_stranger(keeper->instance->unit, state));
}

static void on_state(void *userdata, const UnitState *state)
{
        Keeper *keeper = userdata;
        sd_id128_t before = keeper->invocation;

        if (!state->own)
                return on_stranger(keeper, state);
        keeper->stranger = false;
        keeper->seen = true;
        keeper->loaded = !unit_state_is_gone(state);
        keeper->starting = unit_state_is_starting(state);
        keeper->failed = unit_state_is_failed(state);
        keeper->running = unit_state_is_running(state);
        if (keeper->running && !keeper->noted) {
                environment_note_run(keeper->instance);
                keeper->noted = true;
        }
        keeper->exited = state->loaded && strcmp(state->sub, "exited") == 0 && !state->job_pending;
        keeper->invocation = state->invocation;
        keeper->control_group_id = state->control_group_id;
        if (keeper->instance->deployment->status == DEPLOYMENT_LIVE)
                on_state_while_live(keeper, before);
        else
                on_state_before_live(keeper, state, before);
}

static void on_started(void *userdata, int error, const char *sentence)
{
        Keeper *keeper = userdata;
        const Instance *instance = keeper->instance;

        keeper->call = NULL;
        if (error >= 0 && !keeper->watch)
                error = unit_watch_new(keeper->pipeline->units, instance->unit, on_state, keeper,
                                       &keeper->watch);
        if (error >= 0)
                return;
        keeper->seen = keeper->failed = true;
        cannot_run(keeper, "could not be started", strdup(sentence ? sentence : strerror(-error)));
}

static int start_unit(Keeper *keeper)
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
        unit.spec.notify = check_is_by_notice(instance);
        unit.spec.timeout_usec = config->start_timeout;
        unit.spec.restart_pause_usec = config->restart_pause;
        unit.spec.restart_burst = (unsigned) config->restart_burst;
        return units_start(keeper->pipeline->units, &unit.spec, on_started, keeper, &keeper->call);
}

/* A unit of that name that is on its way out would be taken for this one: keepers_poll() goes on when it is
 * gone. */
static void begin(Keeper *keeper)
{
        int r;

        keeper->waits = reap_is_pending_for_unit(keeper->pipeline, keeper->instance->unit);
        if (keeper->waits)
                return;
        r = start_unit(keeper);
        if (r < 0)
                on_started(keeper, r, NULL);
}

void keeper_start(Pipeline *pipeline, Instance *instance)
{
        Keeper *keeper;

        assert(pipeline);
        assert(instance);

        if (instance->keeper)
                return;
        instance->by_hand = false;
        keeper = calloc(1, sizeof(Keeper));
        if (!keeper)
                return pipeline->params.fatal(pipeline->params.userdata, "out of memory");
        *keeper = (Keeper){ .pipeline = pipeline, .instance = instance };
        instance->keeper = keeper;
        begin(keeper);
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
                        begin(keeper);
        }
}

static void on_restart_asked(void *userdata, int error, const char *sentence)
{
        Keeper *keeper = userdata;

        keeper->call = NULL;
        if (error < 0)
                log_warning("Cannot start unit %s again: %s", keeper->instance->unit, sentence);
}

void keeper_restart(Keeper *keeper)
{
        int r;

        assert(keeper);

        keeper->restart = sd_event_source_disable_unref(keeper->restart);
        if (keeper->call)
                return;
        r = environment_write(keeper->instance);
        if (r >= 0)
                r = units_restart(keeper->pipeline->units, keeper->instance->unit, on_restart_asked, keeper,
                                  &keeper->call);
        if (r < 0)
                log_warning("Cannot start unit %s again: %s", keeper->instance->unit, strerror(-r));
}

void keeper_revive(Keeper *keeper)
{
        Pipeline *pipeline;
        Instance *instance;

        assert(keeper);

        pipeline = keeper->pipeline;
        instance = keeper->instance;
        keeper_free(keeper);
        /* PID 1 forgets with the unit how often it was started. */
        reap_unit(pipeline, instance->unit, (ReapOwner){ .deployment = instance->deployment->id });
        keeper_start(pipeline, instance);
}

void keeper_bring_up(Pipeline *pipeline, Instance *instance)
{
        Keeper *keeper = instance->keeper;

        assert(pipeline);
        assert(instance);

        instance->n_tries = 0;
        instance->given_up = false;
        /* Not one that has ended, which may be because it was started too often. */
        if (keeper && keeper->loaded && !keeper->failed && !keeper->exited)
                keeper_restart(keeper);
        else if (keeper && keeper->seen)
                keeper_revive(keeper);
        else
                keeper_start(pipeline, instance);
}

static void pass(Keeper *keeper)
{
        Deployment *deployment = keeper->instance->deployment;

        keeper->listening = true;
        if (deployment->status != DEPLOYMENT_LIVE) {
                step_check_poll(keeper->pipeline, deployment);
                return;
        }
        if (keeper->instance->route == ROUTE_NONE) {
                instance_set_route(keeper->instance, ROUTE_READY, 0);
                ingress_poll(keeper->pipeline->params.ingress);
        }
        renew_poll(keeper->pipeline, deployment);
}

/* Takes the sentence. */
static void refuse(Keeper *keeper, char *sentence)
{
        _cleanup_free_ char *text = sentence;
        Deployment *deployment = keeper->instance->deployment;

        if (deployment->status != DEPLOYMENT_LIVE) {
                attempt_fail(keeper->pipeline, deployment, "%s", text_or_empty(text));
                return;
        }
        log_warning("%s gets no requests: %s", keeper->instance->unit, text_or_empty(text));
        keeper->unfit = true;
        renew_poll(keeper->pipeline, deployment);
}

static void on_probed(void *userdata, ProbeResult result, uid_t uid, const char *text)
{
        Keeper *keeper = userdata;

        keeper->wait = probe_wait_free(keeper->wait);
        if (result == PROBE_LISTENING)
                pass(keeper);
        else
                refuse(keeper, check_describe(keeper->pipeline, keeper->instance, result, uid, text));
}

static int on_settled(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
        Keeper *keeper = userdata;

        keeper->settle = sd_event_source_disable_unref(keeper->settle);
        pass(keeper);
        return 0;
}

void keeper_check(Keeper *keeper)
{
        const Config *config = pipeline_config(keeper->pipeline);
        int r;

        assert(keeper);

        if (keeper->wait || keeper->settle || keeper->listening)
                return;
        if (keeper->instance->port == 0)
                r = sd_event_add_time_relative(keeper->pipeline->params.event, &keeper->settle,
                                               CLOCK_MONOTONIC, config->check_settle, 0, on_settled, keeper);
        else
                r = check_begin(keeper->pipeline, keeper->instance, keeper->control_group_id, on_probed,
                                keeper, &keeper->wait);
        if (r < 0)
                refuse(keeper, text_format("%s.%u could not be checked: %s", keeper->instance->process,
                                           keeper->instance->number, strerror(-r)));
}

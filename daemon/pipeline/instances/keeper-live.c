/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/log.h"
#include "daemon/pipeline/files/environment.h"
#include "daemon/pipeline/instances/app-health.h"
#include "daemon/pipeline/instances/keeper-internal.h"
#include "daemon/pipeline/instances/restart-backoff.h"

/* What the state of its unit means for an instance that is live. */

static int keeper_live_on_restart(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
        keeper_restart(userdata);
        return 0;
}

static int keeper_live_on_try(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
        keeper_revive(userdata);
        return 0;
}

/* The state of its unit was read: sets or stops the timer. A program that ended with status 0 has not failed
 * for PID 1: it is started again after the same pause. PID 1 counts these starts as it counts its own: one
 * too many, and the unit has failed. */
static void keeper_live_plan(Keeper *keeper)
{
        const PipelineParams *params = &keeper->pipeline->params;
        uint64_t pause = pipeline_config(keeper->pipeline)->restart_pause;

        if (keeper->instance->given_up)
                return;
        if (!keeper->exited && !keeper->failed) {
                keeper->restart = sd_event_source_disable_unref(keeper->restart);
                return;
        }
        if (keeper->restart || (!keeper->exited && !restart_backoff_count(keeper, &pause)))
                return;
        if (sd_event_add_time_relative(params->event, &keeper->restart, CLOCK_MONOTONIC, pause, 0,
                                       keeper->exited ? keeper_live_on_restart : keeper_live_on_try,
                                       keeper) < 0)
                params->fatal(params->userdata, "out of memory");
}

void keeper_live_gone(Keeper *keeper, bool stopped)
{
        Instance *instance = keeper->instance;

        keeper->evidence = NULL;
        instance->by_hand = stopped;
        ingress_poll(keeper->pipeline->params.ingress);
        if (stopped)
                log_info("Unit %s was stopped by somebody: it stays stopped until 'deployctl start %s', a "
                         "deployment or the next boot",
                         instance->unit, instance->deployment->app->name);
        else {
                keeper->failed = true;
                keeper_live_plan(keeper);
        }
        app_health_judge(keeper->pipeline, instance->deployment);
}

static void keeper_live_on_evidence(void *userdata, bool stopped)
{
        keeper_live_gone(userdata, stopped);
}

/* Its unit is as a stop leaves it: gone, or failed if its program had to be killed. */
static bool keeper_live_is_as_stopped(const Keeper *keeper)
{
        return keeper->seen && (!keeper->loaded || keeper->failed) && !keeper->starting &&
               !keeper->stranger && !keeper->call && !keeper->instance->given_up;
}

static void keeper_live_judge(void *userdata)
{
        Keeper *keeper = userdata;
        Instance *instance = keeper->instance;

        keeper->judging = keeper->pipeline->engine->shutdown_free(keeper->judging);
        if (keeper->running) {
                instance->by_hand = instance->pausing = false;
                /* Somebody has started its unit. */
                if (instance->given_up)
                        environment_note_given_up(instance, false);
                instance->given_up = false;
        }
        if (!keeper_live_is_as_stopped(keeper))
                keeper_live_plan(keeper);
        else if (!instance->by_hand && !keeper->evidence && !keeper->restart &&
                 keeper->pipeline->engine->stop_evidence(keeper->pipeline->params.event, instance->unit,
                                                         keeper->ran, keeper_live_on_evidence, keeper,
                                                         &keeper->evidence) < 0)
                pipeline_oom(keeper->pipeline);
        app_health_judge(keeper->pipeline, instance->deployment);
}

/* It is new, or was restarted, and gets requests when it listens. */
static bool keeper_live_wants_check(const Keeper *keeper)
{
        const Instance *instance = keeper->instance;

        if (!keeper->running || instance->port == 0 || instance->leaving ||
            instance->restart == RESTART_DRAINS || instance->restart == RESTART_CLOSES)
                return false;
        return instance->restart != RESTART_NOW ||
               !sd_id128_equal(keeper->invocation, instance->restarted_from);
}

void keeper_live_on_state(Keeper *keeper, sd_id128_t before)
{
        if (!sd_id128_equal(before, keeper->invocation))
                backoff_reset(&keeper->rechecks);
        if (keeper_live_wants_check(keeper))
                keeper_check(keeper);
        if (keeper->running)
                keeper_live_judge(keeper);
        else if (!keeper->judging &&
                 keeper->pipeline->engine->shutdown(keeper->pipeline->units, keeper_live_judge, keeper,
                                                    &keeper->judging) < 0)
                pipeline_fatal(keeper->pipeline, "systemd could not be asked");
        keeper_tell_changed(keeper);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/again.h"

#include <inttypes.h>

#include "base/backoff.h"
#include "base/log-ids.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/pipeline/environment.h"

/* However often it is tried, not more seldom than that. */
#define TRY_PAUSE_MAX_USEC (3600 * USEC_PER_SEC)

static void wait_for(Keeper *keeper, uint64_t pause, sd_event_time_handler_t then)
{
        const PipelineParams *params = &keeper->pipeline->params;

        if (sd_event_add_time_relative(params->event, &keeper->restart, CLOCK_MONOTONIC, pause, 0, then,
                                       keeper) < 0)
                params->fatal(params->userdata, "out of memory");
}

static int on_restart(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
        keeper_restart(userdata);
        return 0;
}

/* Its program ended with status 0, which PID 1 does not take for a failure: it is started again after the
 * same pause. PID 1 counts these starts as it counts its own: one too many, and the unit has failed. */
static void restart_later(Keeper *keeper)
{
        if (!keeper->restart)
                wait_for(keeper, pipeline_config(keeper->pipeline)->restart_pause, on_restart);
}

static int on_try(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
        keeper_revive(userdata);
        return 0;
}

static void log_instance(int level, const char *id, const Instance *instance, const char *text)
{
        _cleanup_free_ char *dyno = instance_dyno(instance);
        LogSubject subject = {
                .app = instance->deployment->app->name,
                .deployment = instance->deployment->id,
                .process = dyno,
                .revision = instance->deployment->revision,
        };

        log_line(level, id, &subject, "%s of %s %s", text_or_empty(dyno), subject.app, text_or_empty(text));
}

/* PID 1 has started it as often as it may within `window`. From then on deployd does, after pauses that
 * double; one that has run well for some time begins from the first. */
static void try_again_later(Keeper *keeper)
{
        const Config *config = pipeline_config(keeper->pipeline);
        const Backoff pauses = { .first_usec = MAX2(config->restart_pause, (uint64_t) 1),
                                 .max_usec = TRY_PAUSE_MAX_USEC };
        uint64_t window = UNIT_START_LIMIT_PAUSES * config->restart_burst * config->restart_pause, pause;
        Instance *instance = keeper->instance;
        _cleanup_free_ char *text = NULL;

        if (keeper->restart)
                return;
        if (keeper->longest_run > 2 * window)
                instance->n_tries = 0;
        /* Whether requests wait for it. */
        ingress_poll(keeper->pipeline->params.ingress);
        if (instance->n_tries >= config->restart_give_up) {
                instance->given_up = true;
                environment_note_given_up(instance, true);
                text = text_format("has ended each of the %u times it was started again: it is given up",
                                   instance->n_tries);
                log_instance(LOG_ERR, MESSAGE_INSTANCE_GIVEN_UP, instance, text);
                return;
        }
        instance->n_tries++;
        instance->pausing = true;
        pause = backoff_pause(&pauses, instance->n_tries);
        text = text_format("ends again and again: it is started again in %g s (%u of %" PRIu64 ")",
                           (double) pause / USEC_PER_SEC, instance->n_tries, config->restart_give_up);
        log_instance(LOG_WARNING, MESSAGE_INSTANCE_AGAIN, instance, text);
        wait_for(keeper, pause, on_try);
}

void again_plan(Keeper *keeper)
{
        assert(keeper);

        if (keeper->instance->given_up)
                return;
        if (keeper->exited)
                restart_later(keeper);
        else if (keeper->failed)
                try_again_later(keeper);
        else if (keeper->restart)
                keeper->restart = sd_event_source_disable_unref(keeper->restart);
}

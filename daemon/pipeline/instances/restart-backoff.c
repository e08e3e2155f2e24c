/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/instances/restart-backoff.h"

#include <inttypes.h>

#include "base/backoff.h"
#include "base/log-ids.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/pipeline/files/environment.h"

/* However often it is tried, not more seldom than that. */
#define TRY_PAUSE_MAX_USEC (3600 * USEC_PER_SEC)

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

bool restart_backoff_count(Keeper *keeper, uint64_t *ret_pause)
{
        const Config *config = pipeline_config(keeper->pipeline);
        const Backoff pauses = { .first_usec = MAX2(config->restart_pause, (uint64_t) 1),
                                 .max_usec = TRY_PAUSE_MAX_USEC };
        uint64_t window = UNIT_START_LIMIT_PAUSES * config->restart_burst * config->restart_pause;
        Instance *instance = keeper->instance;
        _cleanup_free_ char *text = NULL;

        assert(ret_pause);

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
                return false;
        }
        instance->n_tries++;
        instance->pausing = true;
        *ret_pause = backoff_pause(&pauses, instance->n_tries);
        text = text_format("ends again and again: it is started again in %g s (%u of %" PRIu64 ")",
                           (double) *ret_pause / USEC_PER_SEC, instance->n_tries, config->restart_give_up);
        log_instance(LOG_WARNING, MESSAGE_INSTANCE_AGAIN, instance, text);
        return true;
}

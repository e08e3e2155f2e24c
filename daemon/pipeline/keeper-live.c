/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/log.h"
#include "daemon/pipeline/again.h"
#include "daemon/pipeline/environment.h"
#include "daemon/pipeline/keeper.h"
#include "daemon/pipeline/renew.h"
#include "daemon/pipeline/step.h"

/* What the state of its unit means for an instance that is live. */

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
                again_plan(keeper);
        }
        step_live_judge(keeper->pipeline, instance->deployment);
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

        keeper->judging = shutdown_wait_free(keeper->judging);
        if (keeper->running) {
                instance->by_hand = instance->pausing = false;
                /* Somebody has started its unit. */
                if (instance->given_up)
                        environment_note_given_up(instance, false);
                instance->given_up = false;
        }
        if (!keeper_live_is_as_stopped(keeper))
                again_plan(keeper);
        else if (!instance->by_hand && !keeper->evidence && !keeper->restart &&
                 stop_evidence_new(keeper->pipeline->params.event, instance->unit, keeper->ran,
                                   keeper_live_on_evidence, keeper, &keeper->evidence) < 0)
                keeper->pipeline->params.fatal(keeper->pipeline->params.userdata, "out of memory");
        step_live_judge(keeper->pipeline, instance->deployment);
}

/* It is new, or was restarted, and gets requests when it listens. */
static bool keeper_live_wants_check(const Keeper *keeper)
{
        const Instance *instance = keeper->instance;

        if (!keeper->running || instance->port == 0 || instance->leaving ||
            instance->renew == RENEW_DRAINS || instance->renew == RENEW_CLOSES)
                return false;
        return instance->renew != RENEW_NOW || !sd_id128_equal(keeper->invocation, instance->renewed_from);
}

void keeper_live_on_state(Keeper *keeper, sd_id128_t before)
{
        if (!sd_id128_equal(before, keeper->invocation))
                backoff_reset(&keeper->rechecks);
        if (keeper_live_wants_check(keeper))
                keeper_check(keeper);
        renew_poll(keeper->pipeline, keeper->instance->deployment);
        if (keeper->running)
                keeper_live_judge(keeper);
        else if (!keeper->judging &&
                 shutdown_wait_new(keeper->pipeline->units, keeper_live_judge, keeper, &keeper->judging) < 0)
                keeper->pipeline->params.fatal(keeper->pipeline->params.userdata,
                                               "systemd could not be asked");
}

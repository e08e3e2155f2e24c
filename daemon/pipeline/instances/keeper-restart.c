/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "base/log.h"
#include "daemon/pipeline/files/environment.h"
#include "daemon/pipeline/instances/keeper-internal.h"
#include "daemon/pipeline/jobs/reap.h"

/* What runs goes on, and takes requests again if it is fit for them. */
static void keeper_refuse(Keeper *keeper, const char *sentence)
{
        log_warning("Cannot start unit %s again: %s", keeper->instance->unit, sentence);
        keeper->unfit = true;
        if (keeper->running)
                keeper_check(keeper);
        keeper_tell_changed(keeper);
}

static void keeper_on_restart_asked(void *userdata, int error, const char *sentence)
{
        Keeper *keeper = userdata;

        keeper->call = NULL;
        if (error < 0)
                keeper_refuse(keeper, sentence);
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
                r = keeper->pipeline->engine->restart(keeper->pipeline->units, keeper->instance->unit,
                                                      keeper_on_restart_asked, keeper, &keeper->call);
        if (r < 0)
                keeper_refuse(keeper, strerror(-r));
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
        instance->given_up = instance->by_hand = false;
        environment_note_given_up(instance, false);
        /* Not one that has ended, which may be because it was started too often. */
        if (keeper && keeper->loaded && !keeper->failed && !keeper->exited)
                keeper_restart(keeper);
        else if (keeper && keeper->seen)
                keeper_revive(keeper);
        else
                keeper_start(pipeline, instance);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/renew.h"

#include "base/log.h"
#include "daemon/pipeline/keeper.h"

/* Whether the one whose turn it is has come up again. Positive: it has; 0: not yet; negative: it does not.
 */
static int look_at(const Instance *instance)
{
        const Keeper *keeper = instance->keeper;

        if (instance->leaving || instance->by_hand || instance->given_up || !keeper || keeper->failed ||
            keeper->unfit)
                return -1;
        return keeper->running && !sd_id128_equal(keeper->invocation, instance->renewed_from) &&
               (instance->port == 0 || keeper->listening);
}

static void give_up(Deployment *deployment, const Instance *failed)
{
        Instance *instance;

        log_warning("%s does not come up again: the others of %s are not restarted", failed->unit,
                    deployment->app->name);
        LIST_FOREACH (instances, instance, deployment->instances)
                instance->renew = RENEW_NOT;
}

static void begin(Pipeline *pipeline, Instance *instance)
{
        Keeper *keeper = instance->keeper;

        instance->renew = RENEW_NOW;
        instance->renewed_from = keeper ? keeper->invocation : SD_ID128_NULL;
        if (keeper)
                keeper->listening = false;
        keeper_bring_up(pipeline, instance);
}

void renew_poll(Pipeline *pipeline, Deployment *deployment)
{
        Instance *instance, *first = NULL;

        assert(pipeline);
        assert(deployment);

        LIST_FOREACH (instances, instance, deployment->instances) {
                int r;

                if (instance->renew == RENEW_WAITS && !first)
                        first = instance;
                if (instance->renew != RENEW_NOW)
                        continue;
                r = look_at(instance);
                if (r == 0)
                        return;
                instance->renew = RENEW_NOT;
                if (r < 0)
                        return give_up(deployment, instance);
        }
        if (first)
                begin(pipeline, first);
}

void renew_begin(Pipeline *pipeline, Deployment *deployment)
{
        Instance *instance;

        assert(deployment);

        LIST_FOREACH (instances, instance, deployment->instances)
                if (!instance->leaving)
                        instance->renew = RENEW_WAITS;
        renew_poll(pipeline, deployment);
}

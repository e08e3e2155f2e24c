/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/upkeep/unpublish.h"

#include "base/clock.h"

#define EXPIRY_ACCURACY_USEC (30 * USEC_PER_SEC) /* nobody minds, and the machine wakes up less */

static bool unpublish_stays(const Deployment *deployment)
{
        return deployment_status_is_unfinished(deployment->status) ||
               deployment->status == DEPLOYMENT_LIVE || deployment->release_id == deployment->id ||
               deployment->instances || deployment->step;
}

static int on_expiry(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
        unpublish_poll(userdata);
        return 0;
}

static int set_timer(Pipeline *pipeline, uint64_t in_usec)
{
        int r;

        if (!pipeline->expiry)
                return sd_event_add_time_relative(pipeline->params.event, &pipeline->expiry, CLOCK_BOOTTIME,
                                                  in_usec, EXPIRY_ACCURACY_USEC, on_expiry, pipeline);
        r = sd_event_source_set_time_relative(pipeline->expiry, in_usec);
        return r < 0 ? r : sd_event_source_set_enabled(pipeline->expiry, SD_EVENT_ONESHOT);
}

void unpublish_poll(Pipeline *pipeline)
{
        uint64_t now = clock_usec(CLOCK_REALTIME), next = USEC_INFINITY;
        Deployment *deployment, *after;

        assert(pipeline);

        LIST_FOREACH_SAFE (deployments, deployment, after, pipeline->model->deployments) {
                uint64_t end = deployment->finished_at + PIPELINE_PUBLISHED_USEC;

                if (unpublish_stays(deployment))
                        continue;
                if (end <= now)
                        model_remove_deployment(pipeline->model, deployment);
                else
                        next = MIN2(next, end - now);
        }
        if (next != USEC_INFINITY && set_timer(pipeline, next) < 0)
                pipeline_fatal(pipeline, "a timer could not be set");
}

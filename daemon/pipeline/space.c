/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/space.h"

#include <errno.h>
#include <sys/statvfs.h>

#include "base/names.h"
#include "base/text.h"
#include "daemon/pipeline/attempt.h"

/* Nothing tells that a disk is filling. A disk that takes a gigabyte a second has its floor left then. */
#define LOOK_USEC (USEC_PER_SEC / 2)

int space_check(const Pipeline *pipeline, char **ret)
{
        uint64_t wanted = pipeline_config(pipeline)->min_free_space, available;
        struct statvfs disk;
        SizeText left, least;

        assert(ret);

        *ret = NULL;
        if (statvfs(PATH_STATE, &disk) < 0)
                return 0;
        available = (uint64_t) disk.f_bavail * disk.f_frsize;
        if (available >= wanted)
                return 0;
        *ret = text_format("the disk of " PATH_STATE
                           " has %s left: remove something from it, or lower min-free-space (%s) of "
                           "[runner] in deploy.conf",
                           text_size(available, left), text_size(wanted, least));
        return *ret ? 0 : -ENOMEM;
}

static int on_look(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
        Pipeline *pipeline = userdata;
        _cleanup_free_ char *sentence = NULL;
        Deployment *deployment, *next;
        bool building = false;

        pipeline->space_look = sd_event_source_disable_unref(pipeline->space_look);
        if (space_check(pipeline, &sentence) < 0) {
                pipeline->params.fatal(pipeline->params.userdata, "out of memory");
                return 0;
        }
        LIST_FOREACH_SAFE (deployments, deployment, next, pipeline->model->deployments) {
                if (deployment->status != DEPLOYMENT_BUILDING)
                        continue;
                building = true;
                if (sentence)
                        attempt_handle(pipeline, deployment, FLOW_FAILED, sentence);
        }
        if (building)
                space_watch(pipeline);
        return 0;
}

void space_watch(Pipeline *pipeline)
{
        assert(pipeline);

        if (pipeline->space_look)
                return;
        if (sd_event_add_time_relative(pipeline->params.event, &pipeline->space_look, CLOCK_MONOTONIC,
                                       LOOK_USEC, 0, on_look, pipeline) < 0)
                pipeline->params.fatal(pipeline->params.userdata, "a timer could not be set");
}

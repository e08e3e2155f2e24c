/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/flow/cancellation.h"

#include <errno.h>
#include <inttypes.h>

#include "base/names.h"

/* Somebody who waits for the end of a deployment. */
struct Cancellation {
        Pipeline *pipeline;
        uint64_t deployment;
        Call call;
        LIST_FIELDS(Cancellation, cancellations);
};

static Cancellation *cancellation_free(Cancellation *cancellation)
{
        LIST_REMOVE(cancellations, cancellation->pipeline->cancellations, cancellation);
        free(cancellation);
        return NULL;
}

void cancellations_free(Pipeline *pipeline)
{
        while (pipeline->cancellations)
                cancellation_free(pipeline->cancellations);
}

static void cancellation_tell(Pipeline *pipeline, const Deployment *deployment, bool cancelled)
{
        Cancellation *cancellation, *next;

        LIST_FOREACH_SAFE (cancellations, cancellation, next, pipeline->cancellations) {
                Call call = cancellation->call;

                if (cancellation->deployment != deployment->id)
                        continue;
                cancellation_free(cancellation);
                if (cancelled)
                        call_answer(&call, deployment->id);
                else
                        call_refuse(&call, BUS_ERROR_ALREADY_FINISHED,
                                    "deployment %" PRIu64 " has become live", deployment->id);
        }
}

void cancellations_answer(Pipeline *pipeline, const Deployment *deployment)
{
        cancellation_tell(pipeline, deployment, /* cancelled= */ true);
}

void cancellations_refuse(Pipeline *pipeline, const Deployment *deployment)
{
        cancellation_tell(pipeline, deployment, /* cancelled= */ false);
}

int cancellation_add(Pipeline *pipeline, const Deployment *deployment, const Call *call)
{
        Cancellation *cancellation;

        assert(pipeline);
        assert(deployment);
        assert(call);

        cancellation = calloc(1, sizeof(Cancellation));
        if (!cancellation)
                return -ENOMEM;
        *cancellation = (Cancellation){ .pipeline = pipeline, .deployment = deployment->id, .call = *call };
        LIST_PREPEND(cancellations, pipeline->cancellations, cancellation);
        return 0;
}

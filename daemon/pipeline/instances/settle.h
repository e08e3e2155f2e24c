/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A new version that takes the requests is watched for a while before it is live: whether it still listens,
 * and at the end whether it passes its check once more. That its units run, their keepers tell. */

#include "daemon/pipeline/internal.h"

typedef struct Settle Settle;

/* Exactly one is called, once: its instances have passed, or one has not, for the reason in `failure`, valid
 * during the call. The watch, still the caller's, may be freed in it. */
typedef struct SettleHandler {
        void (*passed)(Pipeline *pipeline, Deployment *deployment);
        void (*failed)(Pipeline *pipeline, Deployment *deployment, const char *failure);
} SettleHandler;

/* Begins to watch instances that have passed their check. All is borrowed. 0 or -ENOMEM. */
int settle_new(Pipeline *pipeline, Deployment *deployment, const SettleHandler *handler, Settle **ret);
/* Nothing is called any more. NULL is allowed. */
Settle *settle_free(Settle *settle);

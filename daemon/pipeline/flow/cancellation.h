/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Those who have asked for the end of a deployment, and wait until nothing of it runs any more. */

#include "daemon/pipeline/call.h"
#include "daemon/pipeline/internal.h"

/* `call` waits. 0 or -ENOMEM. */
int cancellation_add(Pipeline *pipeline, const Deployment *deployment, const Call *call);
/* Nothing of the deployment runs any more: they are answered. */
void cancellations_answer(Pipeline *pipeline, const Deployment *deployment);
/* It became live before its end could be committed: they are refused. */
void cancellations_refuse(Pipeline *pipeline, const Deployment *deployment);
/* Forgets all of them, without a word. */
void cancellations_free(Pipeline *pipeline);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/pipeline/internal.h"

/* Nothing of the deployment runs any more: answers those that asked for its end. */
void deployment_cancelled(Pipeline *pipeline, const Deployment *deployment);
/* It became live before its end could be committed. */
void deployment_escaped(Pipeline *pipeline, const Deployment *deployment);
/* All that wait or run. */
void deployments_cancel_all(Pipeline *pipeline, App *app);
/* Forgets who waits for an end, without a word. */
void cancellations_free(Pipeline *pipeline);

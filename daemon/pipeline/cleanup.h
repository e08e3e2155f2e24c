/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The end of a deployment that is superseded, failed or cancelled: its units go, then its ports and files.
 */

#include "daemon/pipeline/internal.h"

void cleanup_enter(Pipeline *pipeline, Deployment *deployment);
/* A unit of that deployment is gone. */
void cleanup_poll(Pipeline *pipeline, uint64_t deployment);
/* Some routes are different. */
void cleanup_poll_all(Pipeline *pipeline);
Cleanup *cleanup_free(Cleanup *cleanup);

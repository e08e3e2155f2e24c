/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The end of a deployment that is superseded, failed or cancelled: requests to it, then its units, then its
 * ports and files.
 */

#include "daemon/pipeline/internal.h"

void retire_enter(Pipeline *pipeline, Deployment *deployment);
/* The end of what a live deployment runs, since its app is stopped: no requests go to its units any more,
 * then they are stopped. */
void retire_stop(Pipeline *pipeline, Deployment *deployment);
/* The app starts again: units that retire_stop() has not stopped yet are stopped now, so that new ones can
 * take their names. */
void retire_hurry(Pipeline *pipeline, Deployment *deployment);
/* A unit of that deployment is gone. */
void retire_poll(Pipeline *pipeline, uint64_t deployment);
/* Some routes are different. */
void retire_poll_all(Pipeline *pipeline);
Retirement *retire_free(Retirement *retirement);

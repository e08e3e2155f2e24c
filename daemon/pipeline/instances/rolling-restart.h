/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Restart: the live instances that wait for it (Instance.renew) are restarted in place, one after another,
 * so that the others answer meanwhile. */

#include "daemon/pipeline/internal.h"

/* Something about an instance is different: goes on with the restart, or begins it. */
void rolling_restart_poll(Pipeline *pipeline, Deployment *deployment);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What PID 1 ends while the machine goes down has not failed. Whoever is about to judge an end asks here
 * first: PID 1 queues all of a shutdown at once, so its answer, which comes later than the news of the end,
 * knows of the shutdown that was the reason. */

#include "systemd/units.h"

typedef struct ShutdownWait ShutdownWait;

/* Calls `over` once PID 1 has answered that the machine is not going down (SystemState is not "stopping"):
 * normally with its first answer. While it is going down PID 1 is asked again every now and then, since a
 * shutdown can be cancelled. `over` frees the wait. 0 or -errno. */
typedef void (*ShutdownOver)(void *userdata);
int shutdown_wait_new(Units *units, ShutdownOver over, void *userdata, ShutdownWait **ret);
ShutdownWait *shutdown_wait_free(ShutdownWait *wait);
DEFINE_CLEANUP(ShutdownWait *, shutdown_wait_free);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What PID 1 ends while the machine goes down, or into rescue or emergency mode, has not failed, and nobody
 * has asked for its end. A caller that is about to judge an end asks here first: PID 1 queues all of a
 * shutdown at once, so its answer, which comes later than the news of the end, knows of the shutdown that
 * was the reason. */

#include "systemd/units.h"

typedef struct ShutdownWait ShutdownWait;

/* Calls `over` once PID 1 has answered that the machine is not going down (SystemState is neither "stopping"
 * nor "maintenance"): normally with its first answer. While it is, PID 1 is asked again after pauses that
 * grow, for ever, since a shutdown can be cancelled and a maintenance ends; the log says so once. `over`
 * frees the wait. 0 or -errno. */
typedef void (*ShutdownOver)(void *userdata);
int shutdown_wait_new(Units *units, ShutdownOver over, void *userdata, ShutdownWait **ret);
ShutdownWait *shutdown_wait_free(ShutdownWait *wait);
DEFINE_CLEANUP(ShutdownWait *, shutdown_wait_free);

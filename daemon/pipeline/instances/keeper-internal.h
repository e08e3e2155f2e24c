/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of the keeper share: one is told by keeper.c what becomes of its unit, keeper-check.c looks
 * whether it is fit for requests, keeper-live.c keeps it running, keeper-restart.c starts it once more. */

#include "daemon/pipeline/instances/keeper.h"

/* It is not as it should be, before it is live: its deployment is told why. */
void keeper_fail(Keeper *keeper, const char *format, ...) _printf_(2, 3);
/* It is live, and something about it is different. The keeper may be freed by it: this is the last thing
 * that is done with one. */
void keeper_tell_changed(Keeper *keeper);
/* Its run has ended, or another one has begun: no requests go to it until that has passed the check.
 * Requests that it still answers have `drain-timeout`. */
void keeper_close(Keeper *keeper);
/* The state of its unit was read while it is live; `before` is the run that it was in before. */
void keeper_live_on_state(Keeper *keeper, sd_id128_t before);
/* Its unit has gone while it should run: `stopped` by hand only if PID 1 has noted a stop job for that run.
 */
void keeper_live_gone(Keeper *keeper, bool stopped);
/* Restarts its unit in place. */
void keeper_restart(Keeper *keeper);
/* Starts a unit of that name from nothing; the keeper is freed, and its instance has another one. */
void keeper_revive(Keeper *keeper);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Crash loops: when an instance of a live deployment, whose program has ended, is started again. First by
 * PID 1, which works without deployd; then by deployd after pauses that double; then not any more. */

#include "daemon/pipeline/keeper.h"

/* The state of its unit was read: sets or stops the timer (Keeper.restart). */
void again_plan(Keeper *keeper);

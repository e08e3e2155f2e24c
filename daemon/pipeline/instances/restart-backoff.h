/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Crash loops: when an instance of a live deployment, whose program has ended, is started again. First by
 * PID 1, which works without deployd; then by deployd after pauses that double; then not any more. */

#include "daemon/pipeline/instances/keeper.h"

/* PID 1 has started it as often as it may within its window. From then on deployd does, after pauses that
 * double; one that has run well for some time begins from the first. Counts one more try, which comes after
 * *ret_pause (microseconds); or false: it has been tried often enough, and is given up. */
bool restart_backoff_count(Keeper *keeper, uint64_t *ret_pause);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Reads of the past that wait for their turn. */

#include "daemon/pipeline/internal.h"

/* Those that have waited too long at `now` (CLOCK_MONOTONIC, in microseconds) are told so. */
void histories_expire(Pipeline *pipeline, uint64_t now);

/* The end of the pipeline: they are told that it is. */
void histories_free(Pipeline *pipeline);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Reads of the past that wait for their turn. */

#include "daemon/pipeline/internal.h"

/* The end of the pipeline: they are told that it is. */
void histories_free(Pipeline *pipeline);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/pipeline/internal.h"

/* A unit is gone: the first entries wait for those that nobody knows. */
void resume_poll(Pipeline *pipeline);
/* A unit of that deployment is gone: its status is entered if the last one of an earlier run was waited for.
 */
void resume_late(Pipeline *pipeline, uint64_t deployment);

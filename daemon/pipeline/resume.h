/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/pipeline/internal.h"

/* A unit is gone: the first entries wait for those that nobody knows. */
void resume_poll(Pipeline *pipeline);

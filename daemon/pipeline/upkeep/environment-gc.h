/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/pipeline/internal.h"

/* Forgets the versions of an app's environment that nothing refers to any more, in memory and in the
 * database. */
void environment_collect(Pipeline *pipeline, App *app);

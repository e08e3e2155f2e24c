/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* When an ended deployment is no longer published: PIPELINE_PUBLISHED_USEC after its end, unless it is live
 * or built a release that is kept. So memory does not grow with history. */

#include "daemon/pipeline/internal.h"

/* Takes those from the model whose time has come, and sets the timer for the next. */
void unpublish_poll(Pipeline *pipeline);

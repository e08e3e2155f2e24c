/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/pipeline/internal.h"

/* All that wait or run. */
void deployments_cancel_all(Pipeline *pipeline, App *app);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/pipeline/internal.h"

/* How the app is, from what the units of its live deployment are. */
void app_health_judge(Pipeline *pipeline, Deployment *deployment);

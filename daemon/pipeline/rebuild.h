/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* After a start: what should run, and whose release is not on the disk any more, is built again. */

#include "daemon/pipeline/internal.h"

/* Logs the kept releases that are missing, and deploys the live ones among them again, unless a deployment
 * of the app is under way. */
void rebuild_lost(Pipeline *pipeline);

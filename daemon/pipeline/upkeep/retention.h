/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What removed apps have stored is kept until the time in their row (keep-removed-data), and deleted then.
 */

#include "daemon/pipeline/internal.h"

/* At start: goes on with what was being deleted, too. */
void retention_resume(Pipeline *pipeline);
/* Deletes what is due, and looks again when the next one is. */
void retention_poll(Pipeline *pipeline);

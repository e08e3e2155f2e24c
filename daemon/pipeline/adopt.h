/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The administrator's decision about data that the database does not know (ownership.h): this database is
 * the one. Unknown data is moved aside, never deleted. pipeline_adopt() is declared in call.h. */

#include "daemon/pipeline/internal.h"

/* Forgets the decision that is under way; it is made again by the same call. */
void adopt_free(Pipeline *pipeline);

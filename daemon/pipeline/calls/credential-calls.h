/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/pipeline/internal.h"

/* Ends the keys that are being made: for one repository, whose callers are told that it was removed, or for
 * all (NULL) without a word. */
void key_makers_end(Pipeline *pipeline, const Repository *repository);

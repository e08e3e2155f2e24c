/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whether there is room for another release: min-free-space of the configuration. */

#include "daemon/pipeline/internal.h"

/* 0, with *ret = NULL if there is; else *ret is a sentence, which the caller frees. -ENOMEM. A disk that
 * cannot be asked has room: what is written there will say more. */
int disk_space_check(const Pipeline *pipeline, char **ret);

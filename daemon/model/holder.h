/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who has a port, in our words. */

#include "daemon/model/deployment.h"

/* The instance whose processes are in that control group; NULL if there is none, or for 0. */
Instance *holder_find(const Model *model, uint64_t cgroup_id);

/* What follows "held by": `blog (web.1)`, or `another process (uid 1000)`. Caller frees; NULL when out of
 * memory. */
char *holder_describe(const Model *model, uid_t uid, uint64_t cgroup_id);

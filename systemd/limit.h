/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What deployd-limit is asked by its argument: to go beyond that limit. The words are those of
 * SandboxMissing, too. */
#define LIMIT_MEMORY    "memory"
#define LIMIT_TASKS     "tasks"
#define LIMIT_IP_FILTER "ip-filter"
#define LIMIT_DISK      "disk"

/* What it exits with if it was held, unless it was killed for it. */
#define LIMIT_EXIT_HELD 3

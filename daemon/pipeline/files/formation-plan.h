/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which instances a formation asks for. */

#include "base/valid-name.h"
#include "daemon/pipeline/internal.h"

typedef struct Plan {
        StoreInstance *items; /* web first, then by process and number */
        size_t n;
        /* What they refer to. */
        Formation formation;
        char **units;
} Plan;

void formation_plan_done(Plan *plan);
#define _cleanup_plan_ _cleanup_(formation_plan_done)

bool formation_plan_has(const Plan *plan, const char *unit);

/* The instances that a deployment is to have with today's formation of its app. `release` is what it runs.
 * 0; -EINVAL with a sentence in *ret_sentence (caller frees): the release has no such process, or
 * nothing is to run; -ENOMEM. */
int formation_plan_make(const Deployment *deployment, const Release *release, Plan *ret,
                        char **ret_sentence);

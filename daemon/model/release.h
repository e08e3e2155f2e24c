/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is known of a kept release: how it was built, and what its tree says of how it runs. The deployment
 * that built it owns it (Deployment.release). */

#include "daemon/model/formation.h"

typedef struct HealthCheck {
        char *path;                       /* "" = none */
        uint64_t attempts;                /* 0 = until the time is over */
        uint64_t timeout_usec, wait_usec; /* of one try, and before the first; 0 = as configured, none */
} HealthCheck;

typedef struct Release {
        Formation processes; /* the process types there are, each with count 1 */
        char *build_key;     /* of all that went into its build; "" = nothing was built */
        char *buildpack;     /* "" = none */
        Formation formation; /* of app.json */
        HealthCheck health;  /* the same */
} Release;

/* With empty texts. NULL when out of memory. */
Release *release_new(void);
Release *release_free(Release *release);
DEFINE_CLEANUP(Release *, release_free);

bool release_has_process(const Release *release, const char *process);
/* The first process by name that has instances, which the release command has not; NULL if there is none. */
const char *release_first_process(const Release *release);
/* All of them: `web, worker`; "none" if there is none. Caller frees; NULL when out of memory. */
char *release_list_processes(const Release *release);

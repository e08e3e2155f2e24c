/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The environments of an app. SetEnvironment and StageEnvironment make a new version and leave the others as
 * they are, so that a deployment keeps the variables that it began with until it is gone.
 *
 * A version that a deployment brings is taken back when that deployment fails or is cancelled while another
 * one is live: the app goes back to the version that it was made from. */

#include "daemon/model/model.h"
#include "daemon/model/variables.h"

typedef struct EnvironmentVersion EnvironmentVersion;

struct EnvironmentVersion {
        uint64_t id;
        uint64_t base;       /* id of the version that this one was made from; 0 = none, or gone */
        uint64_t deployment; /* id of the deployment that brings it; 0 = none */
        Variables variables;
        LIST_FIELDS(EnvironmentVersion, versions);
};

/* Adds a version to the app's list, with a copy of `variables` (NULL = none). NULL when out of memory. */
EnvironmentVersion *environment_version_new(App *app, uint64_t id, uint64_t base, uint64_t deployment,
                                            const Variables *variables);
/* Takes it off the app's list and frees it. Nothing may refer to it any more. */
void environment_version_free(App *app, EnvironmentVersion *version);

/* NULL if the app has no such version. */
EnvironmentVersion *environment_version_find(const App *app, uint64_t id);
/* The version that a deployment brings; NULL = none. */
EnvironmentVersion *environment_version_of(const App *app, uint64_t deployment);

/* Where the app's environment goes if `deployment` fails or is cancelled now. False: it stays. With true,
 * *ret_from is the version it goes back from and *ret_to the one it goes back to, NULL = no variables. */
bool environment_version_may_go_back(const Deployment *deployment, const EnvironmentVersion **ret_from,
                                     EnvironmentVersion **ret_to);

/* The next version of the app that neither the app nor anything that runs or waits refers to; NULL = none.
 */
EnvironmentVersion *environment_version_unused(const App *app);

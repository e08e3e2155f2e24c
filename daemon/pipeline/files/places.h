/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where processes of an app may write besides its data: the directories of its tree that it keeps
 * (daemon/model/persist.h). */

#include "daemon/pipeline/internal.h"

/* Whether the release of the deployment has the directories of `settings`, over which PID 1 mounts what is
 * kept. What is missing it would make, in the release, which nothing changes; a link it would follow. 0,
 * with a sentence in *ret_refusal (caller frees) if one is missing or something else, else NULL; -errno. */
int places_check(const Deployment *deployment, const AppSettings *settings, char **ret_refusal);

/* The directories that are kept of the app, whatever its setting says today, below STATE_PRIVATE: into *ret
 * (text_free_list()). 0 or -errno. */
int places_list(uint64_t app, char ***ret);

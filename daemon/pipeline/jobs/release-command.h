/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One run of a process of an app that ends by itself: its release command. One that runs already, started
 * before the daemon was, is taken back rather than run a second time. */

#include "daemon/pipeline/internal.h"

/* The end: `failure` is NULL if the command exited with status 0, else one sentence. Called once; the
 * ReleaseCommand may be freed in it. */
typedef void (*OnceDone)(void *userdata, const char *failure);

/* 0 or -errno. */
int release_command_new(Pipeline *pipeline, Deployment *deployment, OnceDone done, void *userdata,
                        ReleaseCommand **ret);
/* Has its unit stopped if it runs, and removed in any case. */
ReleaseCommand *release_command_free(ReleaseCommand *command);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One run of deployd-import: a tar becomes the release directory of a deployment. */

#include "daemon/pipeline/jobs/helper.h"

/* `tar_fd` is borrowed. `built` is the answer of deployd-build that made the tar, NULL = it is the tree as
 * it came. `done` as in HelperParams; when it is told success the release is in its place, synced. 0 or
 * -errno. */
int import_new(Pipeline *pipeline, Deployment *deployment, int tar_fd, const Ticket *built, HelperDone done,
               void *userdata, Import **ret);
/* Has its unit stopped if it runs. */
Import *import_free(Import *import);

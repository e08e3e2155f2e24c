/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Releases whose tree is not on the disk although a row has them: of a backup that was restored without
 * them, or on a disk that is not mounted. The row stays, since the disk may come back. The disk is looked at
 * whenever a release is needed; a live one that is missing at start is built again (rebuild.h). */

#include "daemon/pipeline/internal.h"

/* Whether the release that the deployment runs, or is to run, is missing on the disk. */
bool lost_release_is(const Deployment *deployment);
/* NoSuchRelease in *reterr if it is missing; else 0. */
int lost_release_refuse(const Deployment *deployment, sd_bus_error *reterr);
/* What to tell the user who wants it to run. Caller frees; NULL when out of memory. */
char *lost_release_describe(const Deployment *deployment);

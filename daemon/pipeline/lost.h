/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Releases whose tree is not on the disk although a row has them: of a backup that was restored without
 * them, or on a disk that was lost. What is live is built anew from its commit, the others are forgotten. */

#include "daemon/pipeline/internal.h"

/* Looks for them, and marks them (Release.lost). */
void lost_find(Pipeline *pipeline);
/* Whether what it runs or is to run is lost. */
bool lost_is(const Deployment *deployment);
/* What of the live ones is to run is deployed anew, unless something is under way for its app already. */
void lost_deploy(Pipeline *pipeline);
/* NoSuchRelease in *reterr if it is lost; else 0. */
int lost_refuse(const Deployment *deployment, sd_bus_error *reterr);
/* What to tell somebody who wants it to run. Caller frees; NULL when out of memory. */
char *lost_describe(const Deployment *deployment);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Directories that a dynamic user owns are removed by PID 1, through a unit of that user: the daemon cannot
 * enter them. What fails is logged, and removed at the next start. Data of an app is deleted by purge_data()
 * alone, which only retention.c calls, for the row of a removed app. */

#include "daemon/pipeline/internal.h"

/* The directories of that app or repository are removed, or could not be (-errno). `userdata` is freed
 * afterwards. */
typedef void (*PurgeDone)(Pipeline *pipeline, uint64_t id, int error, void *userdata);

/* The mirror of a repository. Begins at purges_poll(), when no unit of it is left. */
void purge_mirror(Pipeline *pipeline, const Repository *repository);
/* Releases, logs, caches and slice of an app that is being removed. The same; when no unit of it is left,
 * PipelineParams.app_gone is called. */
void purge_app(Pipeline *pipeline, const App *app);
/* What a removed app has stored. */
void purge_data(Pipeline *pipeline, const RemovedApp *removed, PurgeDone done);
/* What the builds of an app have kept for the next one. Begins at purges_poll(), when no build is left.
 * `userdata` is malloc()ed and belongs to the purge from now on. -ENOMEM: it stays the caller's. */
int purge_build_cache(Pipeline *pipeline, const App *app, PurgeDone done, void *userdata);
/* Whether what the builds of an app have kept is being removed: a build has to wait. */
bool purge_has_build_cache(const Pipeline *pipeline, const App *app);

/* The slice of an app that is not there any more. As purge_mirror(). */
void purge_slice(Pipeline *pipeline, const char *app);
/* At start: caches and logs of removed apps, and caches and mirrors whose number was given out and has no
 * row. The same. */
void purges_sweep(Pipeline *pipeline);

/* Begins what may begin: the removed app or repository is no longer in the model, or another unit is gone.
 */
void purges_poll(Pipeline *pipeline);

/* Forgets those that are under way; their units go on. */
void purges_free(Pipeline *pipeline);

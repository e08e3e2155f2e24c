/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Directories that a dynamic user owns are removed by PID 1, through a unit of that user: the daemon cannot
 * enter them. What fails is logged. */

#include "daemon/pipeline/internal.h"

/* The mirror of a repository. Begins at wipes_poll(), when no unit of it is left. */
void wipe_mirror(Pipeline *pipeline, const Repository *repository);
/* Releases, state and cache of an app, and its slice. The same. */
void wipe_app(Pipeline *pipeline, const App *app);

/* The slice of an app that is not there any more. The same. */
void wipe_slice(Pipeline *pipeline, const char *app);
/* At start: mirrors, states and caches that belong to nothing any more. The same. */
void wipes_sweep(Pipeline *pipeline);

/* Begins what may begin: the removed app or repository is no longer in the model, or another unit is gone.
 */
void wipes_poll(Pipeline *pipeline);

/* Forgets those that are under way; their units go on. */
void wipes_free(Pipeline *pipeline);

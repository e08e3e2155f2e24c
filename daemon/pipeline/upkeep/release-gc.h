/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Releases that are not kept any more: the newest of each app are, and those that something runs or is about
 * to run. First the row goes, if the database still finds nothing that uses it, then the files; those of a
 * row that is gone are found at the next start. */

#include "daemon/pipeline/internal.h"

/* Something of the app ended, or how many are kept has changed. */
void release_gc(Pipeline *pipeline, App *app);
/* The same for all apps. */
void release_gc_all(Pipeline *pipeline);

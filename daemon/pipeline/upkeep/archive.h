/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The archived logs: one file for each deployment that made a release or tried to, of what the journal has
 * about that, in PATH_LOGS/APP/ID.zst. Written when the deployment has ended, whichever way; the newest of
 * each app are kept. */

#include "daemon/pipeline/call.h"
#include "daemon/pipeline/internal.h"

/* The deployment has ended, or had when deployd started: its log is written unless there is one, or nothing
 * to write. */
void archive_begin(Pipeline *pipeline, const Deployment *deployment);
/* Whether its release was made by another deployment, which has the log of that. */
bool archive_reuses(const Deployment *deployment);
bool archive_is_being_written(const Pipeline *pipeline, uint64_t deployment);
/* Answers the call with a descriptor (deployment_open_log()): of the file, or, if there is none, of what the
 * journal has now. `deployment` is one of the app's, of any age. 0 or -ENOMEM. */
int archive_read(Pipeline *pipeline, const App *app, uint64_t deployment, const Call *call);
/* A unit is gone: what waits for its name goes on. */
void archives_poll(Pipeline *pipeline);
/* The app's logs, and what is being done with them, go. */
void archives_remove(Pipeline *pipeline, uint64_t app);
void archives_free(Pipeline *pipeline);

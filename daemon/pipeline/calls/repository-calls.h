/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/pipeline/internal.h"

/* A fetch has seen its default branch at `head`: commits it, and the model follows. */
void repository_learn_head(Pipeline *pipeline, Repository *repository, const char *head);

/* Ends the fetches that were asked for by Repository.Fetch: of one repository, whose callers are told that
 * it was removed, or of all (NULL) without a word. */
void repository_fetches_end(Pipeline *pipeline, const Repository *repository);

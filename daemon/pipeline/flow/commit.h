/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One row of the flow table, made durable: the transaction that belongs to it, and what memory learns from
 * it. */

#include "daemon/pipeline/internal.h"

/* What became of the commit. */
typedef struct CommitHandler {
        /* It is done, and memory has learned from it all but the status. `superseded` is the deployment that
         * was live, if this one is instead: its row is committed, too. NULL = none. */
        void (*moved)(Pipeline *pipeline, Deployment *deployment, const FlowRow *row,
                      Deployment *superseded);
        /* The row cannot be taken, for the reason in `sentence`. */
        void (*refused)(Pipeline *pipeline, Deployment *deployment, const char *sentence);
} CommitHandler;

/* Commits `row`. `sentence` exactly if the row leads to failed. One of the handler's functions is called,
 * unless the deployment is gone by then or the daemon has to end. */
void commit_move(Pipeline *pipeline, Deployment *deployment, const FlowRow *row, const char *sentence,
                 const CommitHandler *handler);

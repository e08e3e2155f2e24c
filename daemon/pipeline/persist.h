/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One row of the flow table, made durable: the transaction that belongs to it, and what memory learns from
 * it. */

#include "daemon/pipeline/attempt.h"

/* Commits `row`; when it is, attempt_moved() is called. `sentence` exactly if the row leads to failed. */
void persist_move(Attempt *attempt, const FlowRow *row, const char *sentence);

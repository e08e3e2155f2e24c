/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How a deployment comes to each row of the flow table. */

#include "tests/pipeline/fixture.h"

/* What docs/STATE_MACHINE.md says: where a row comes from and leads to, and the rows that a cancellation and
 * a failure are taken for afterwards; NULL where they mean nothing. Any other event belongs to the status
 * before, and means nothing. */
typedef struct RowCase {
        unsigned row;
        const char *commit; /* the row that it is committed with */
        const char *from, *to;
        const char *cancelled, *failed;
        void (*prepare)(void);
        Deployment *(*begin)(void);
        void (*come)(Deployment *deployment);
} RowCase;

extern const RowCase row_cases[];
extern const size_t n_row_cases;

/* Brings a deployment so far that the row is being committed, and holds that. */
Deployment *row_hold(const RowCase *row);
/* From now on the work of the next status does not end by itself. */
void row_make_work_last(void);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of the fake units share. */

#include "base/list.h"
#include "tests/pipeline/fake-units.h"
#include "tests/pipeline/loop.h"

typedef struct FakeUnit {
        char *name, *status_text;
        UnitKind kind;
        UnitState state;
        int ticket_fd; /* of a job: where its answer goes */
        unsigned n_starts, n_restarts, n_kills;
        Later *telling;
        LIST_FIELDS(struct FakeUnit, all);
} FakeUnit;

/* NULL if the test has not had it. */
FakeUnit *fake_unit_find(const char *name);
/* That unit, made if the test has not had it. */
FakeUnit *fake_unit_get(const char *name);
/* PID 1 does not know it any more. */
void fake_unit_forget(FakeUnit *unit);
/* The watches are told how it is. */
void fake_unit_read(FakeUnit *unit);
/* The names of those that are loaded; ends with NULL. The caller frees the list alone. */
char **fake_units_list(void);

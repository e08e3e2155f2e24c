/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Check 9 of `deployd verify`: has every unit of ours its row, and has every app the units that its
 * formation asks for?
 *
 * The two are read one after the other, and deployments go on meanwhile; so what does not agree is looked at
 * again after a pause, and only what was so each time counts. */

#include "daemon/model/report.h"
#include "daemon/pipeline/pipeline.h"
#include "sql/pg.h"
#include "systemd/units.h"

typedef struct VerifyUnits VerifyUnits;

/* Begins. All are borrowed and outlive it; `done` when CHECK_UNITS is filled, and the agreement may be freed
 * from there. 0, -ENOMEM, other -errno. */
int verify_units_new(sd_event *event, Units *units, Pg *pg, const Pipeline *pipeline, Report *report,
                     void (*done)(void *userdata), void *userdata, VerifyUnits **ret);

/* Ends it without a callback if it is under way. */
VerifyUnits *verify_units_free(VerifyUnits *verify_units);
DEFINE_CLEANUP(VerifyUnits *, verify_units_free);

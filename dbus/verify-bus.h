/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Manager.Verify: `ba(ssbs)`, as it is said and as it is heard. */

#include "daemon/model/report.h"
#include "dbus/bus-caller.h"

/* For the table of methods. */
int verify_bus_run(BusCall *call, void *noun, sd_bus_error *reterr);

/* Asks the deployd that runs, and waits for its answer: for a program that does nothing else. One that does
 * not run is not started, for that would migrate the database. 0 with the report filled; -EHOSTDOWN if none
 * runs, or it has no database; -EACCES if the bus or deployd refuses; other -errno. With a sentence in
 * *reterr (caller frees). */
int verify_bus_ask(Report *report, char **reterr);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* `deployd migrations`, `deployd migrate` and `deployd migrate --plan`: the same code as in the daemon, on a
 * loop of its own. */

#include <stdio.h>

#include "daemon/model/report.h"

/* How long they wait for a database that does not answer, or whose lock another deployd holds. */
#define TOOL_PATIENCE_SEC 10

/* Prints the migrations to `out`, a line each (`[X] 0001_initial`), and a failure as one sentence to
 * standard error. `conninfo` as for pg_new(). Returns an exit status: 0 all applied as compiled in; 1 some
 * are missing, changed or unknown; 69 (EX_UNAVAILABLE) no answer; 78 (EX_CONFIG) bad conninfo; 71 (EX_OSERR)
 * anything else. */
int tool_migrations(const char *conninfo, FILE *out);

/* Applies what is missing, a line for each to `out`. Returns 0 when the schema is the compiled-in one; 1
 * when it was refused or failed; 75 (EX_TEMPFAIL) when another deployd uses the database; 69, 71, 78 as
 * above. A running deployd has applied everything before it says it is ready, so 75 with a running one is no
 * fault. */
int tool_migrate(const char *conninfo, FILE *out);

/* Prints to `out` the SQL that tool_migrate() would run now, a script of one transaction for each migration,
 * and changes nothing; a running deployd does not matter. Nothing is printed if nothing is to be applied.
 * Returns 0; 1 when it would be refused; 69, 71, 78 as above. */
int tool_plan(const char *conninfo, FILE *out);

/* Makes checks 1 to 7 of `deployd verify` (sql/verify.h), for when no deployd runs that could be asked.
 * Returns 0 with what was found in `report`; 69, 71, 78 as above. */
int tool_verify(const char *conninfo, Report *report);

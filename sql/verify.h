/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Checks 1 to 7 of `deployd verify`: ledger, schema, constraints (daemon/model/report.h).
 *
 * The expected schema is built from the compiled-in migrations in a schema of its own in the same database,
 * in one transaction that is rolled back, and the two are compared as the catalog describes them; so there
 * is no second description of the schema. What is created, related and refused is tried in there too.
 * Nothing is changed by it: not a row, not the next value of an identity.
 *
 * It has a connection of its own. On the daemon's, requests of others would come in between its statements
 * and be rolled back with them, or wait until it is done. The lock of sql/migrate.h is not needed: the live
 * schema is only looked at. */

#include "daemon/model/report.h"
#include "sql/pg.h"

typedef struct Verify Verify;

/* How long all of it may take; it takes a quarter of a second. */
#define VERIFY_PATIENCE_USEC (20 * USEC_PER_SEC)

/* The end: 0, and the report has the checks; -EHOSTDOWN when the database does not answer or let it through
 * in time, with a sentence that says why; -ENOMEM. `verify` may be freed from here, and is of no further
 * use. */
typedef void (*VerifyDone)(void *userdata, int error, const char *sentence);

/* Begins. `conninfo` as for pg_new(); `report` is the caller's and outlives it. 0, -EINVAL, -ENOMEM, other
 * -errno of sd-event. */
int verify_new(sd_event *event, const char *conninfo, Report *report, VerifyDone done, void *userdata,
               Verify **ret);

/* Ends it without a callback if it is under way. */
Verify *verify_free(Verify *verify);
DEFINE_CLEANUP(Verify *, verify_free);

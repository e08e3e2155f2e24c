/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whether somebody has had a unit stopped: PID 1 writes into the journal when a stop job is done. A program
 * that ends by itself or is killed, a unit that is restarted, reset or unloaded, has no such entry. */

#include <stdbool.h>
#include <systemd/sd-event.h>
#include <systemd/sd-id128.h>

#include "base/cleanup.h"

typedef struct StopEvidence StopEvidence;

/* `stopped`: the journal has a stop job that was done, of that run of the unit, and it was none of a
 * shutdown. False if the journal cannot be read. The StopEvidence is freed
 * before the callback. */
typedef void (*StopEvidenceDone)(void *userdata, bool stopped);

/* Of the run of a unit that has that invocation id; never true for the null id. deployd's own StopUnit makes
 * a stop job like any other: whether it has asked for one, the caller knows. The journal is synchronized
 * first. Never calls back from within. 0 or -errno. */
int stop_evidence_new(sd_event *event, const char *unit, sd_id128_t invocation, StopEvidenceDone done,
                      void *userdata, StopEvidence **ret);
StopEvidence *stop_evidence_free(StopEvidence *evidence);
DEFINE_CLEANUP(StopEvidence *, stop_evidence_free);

/* The same, read at once from the journal as it is: from the files below `directory`, or this machine's if
 * that is NULL. 1, 0, or -errno. */
int stop_evidence_read(const char *directory, const char *unit, sd_id128_t invocation);

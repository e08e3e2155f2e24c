/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What runs the instances of apps, as the pipeline asks for it: units by name, and what is known of their
 * ends. One implementation: PID 1 of this machine. */

#include "systemd/last-line.h"
#include "systemd/shutdown.h"
#include "systemd/stop-evidence.h"
#include "systemd/units.h"

/* Each member has the contract of the function that engine.c fills it with. A handle goes back to the
 * function that frees it, and to no other engine. */
typedef struct Engine {
        int (*start)(Units *units, const UnitSpec *spec, UnitCallDone done, void *userdata, UnitCall **ret);
        int (*restart)(Units *units, const char *name, UnitCallDone done, void *userdata, UnitCall **ret);
        int (*kill)(Units *units, const char *name, UnitCallDone done, void *userdata, UnitCall **ret);
        int (*remove)(Units *units, const char *name, bool kill, UnitCallDone done, void *userdata,
                      UnitCall **ret);
        UnitCall *(*call_free)(UnitCall *call);
        int (*watch)(Units *units, const char *name, UnitChanged changed, void *userdata, UnitWatch **ret);
        UnitWatch *(*watch_free)(UnitWatch *watch);
        int (*shutdown)(Units *units, ShutdownOver over, void *userdata, ShutdownWait **ret);
        ShutdownWait *(*shutdown_free)(ShutdownWait *wait);
        int (*last_line)(sd_event *event, const char *unit, sd_id128_t invocation, LastLineDone done,
                         void *userdata, LastLine **ret);
        LastLine *(*last_line_free)(LastLine *line);
        int (*stop_evidence)(sd_event *event, const char *unit, sd_id128_t invocation, StopEvidenceDone done,
                             void *userdata, StopEvidence **ret);
        StopEvidence *(*stop_evidence_free)(StopEvidence *evidence);
} Engine;

/* PID 1 of this machine, and its journal. */
extern const Engine engine_local;

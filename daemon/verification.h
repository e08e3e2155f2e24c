/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* `Manager.Verify`: the nine checks, one after the other. Several callers at once have one each. */

#include "daemon/config.h"
#include "daemon/facts.h"
#include "daemon/pipeline/pipeline.h"
#include "dbus/bus.h"
#include "sql/pg.h"
#include "systemd/units.h"

typedef struct Verifications Verifications;

typedef struct VerificationParams {
        sd_event *event;
        Units *units;
        Pg *pg; /* for reads */
        const Pipeline *pipeline;
        const char *conninfo; /* of the database in use; copied */
        const Facts *facts;
        const Config *(*config)(void *userdata);
        void *userdata;
} VerificationParams;

/* What `params` points to outlives it. 0, -ENOMEM. */
int verifications_new(const VerificationParams *params, Verifications **ret);

/* Those under way are told -ECANCELED. */
Verifications *verifications_free(Verifications *verifications);

/* The limits of builds are known: what waited for that goes on. */
void verifications_poll(Verifications *verifications);

/* Begins one; for BusParams.verify. */
int verification_begin(Verifications *verifications, BusVerified done, void *userdata);

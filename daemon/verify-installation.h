/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Check 8 of `deployd verify`: is what was configured and installed sound? */

#include "daemon/config.h"
#include "daemon/facts.h"
#include "daemon/model/report.h"

/* What of it must be asked of others first. */
typedef struct Installation {
        const Config *config;
        const char *systemd_version; /* NULL = PID 1 does not say */
        const Facts *facts;          /* its sandbox_state is known */
} Installation;

/* Fills CHECK_CONFIGURATION, all of it. Reads a few small files, which takes no time. */
void installation_check(const Installation *installation, Report *report);

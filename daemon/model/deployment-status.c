/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/deployment-status.h"

static const char *const deployment_status_table[DEPLOYMENT_STATUS_MAX] = {
        [DEPLOYMENT_QUEUED] = "queued",         [DEPLOYMENT_FETCHING] = "fetching",
        [DEPLOYMENT_BUILDING] = "building",     [DEPLOYMENT_RELEASING] = "releasing",
        [DEPLOYMENT_STARTING] = "starting",     [DEPLOYMENT_CHECKING] = "checking",
        [DEPLOYMENT_SWITCHING] = "switching",   [DEPLOYMENT_LIVE] = "live",
        [DEPLOYMENT_SUPERSEDED] = "superseded", [DEPLOYMENT_FAILED] = "failed",
        [DEPLOYMENT_CANCELLED] = "cancelled",
};

DEFINE_STRING_TABLE(deployment_status, DeploymentStatus);

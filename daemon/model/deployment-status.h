/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/string-table.h"

/* The words of Deployment.Status, in the order a deployment walks through them. */
typedef enum DeploymentStatus {
        DEPLOYMENT_STATUS_UNSET = 0,
        DEPLOYMENT_QUEUED,
        DEPLOYMENT_FETCHING,
        DEPLOYMENT_BUILDING,
        DEPLOYMENT_RELEASING,
        DEPLOYMENT_STARTING,
        DEPLOYMENT_CHECKING,
        DEPLOYMENT_SWITCHING,
        DEPLOYMENT_LIVE,
        DEPLOYMENT_SUPERSEDED,
        DEPLOYMENT_FAILED,
        DEPLOYMENT_CANCELLED,
        DEPLOYMENT_STATUS_MAX,
} DeploymentStatus;

DECLARE_STRING_TABLE(deployment_status, DeploymentStatus);

/* It holds a slot and something of it may be running: fetching to switching. */
static inline bool deployment_status_is_running(DeploymentStatus status)
{
        return status >= DEPLOYMENT_FETCHING && status <= DEPLOYMENT_SWITCHING;
}

/* It waits or runs: queued to switching. Cancel is possible. */
static inline bool deployment_status_is_unfinished(DeploymentStatus status)
{
        return status >= DEPLOYMENT_QUEUED && status <= DEPLOYMENT_SWITCHING;
}

/* The attempt is over, with this result; `live` still may become `superseded`. */
static inline bool deployment_status_is_finished(DeploymentStatus status)
{
        return status >= DEPLOYMENT_LIVE && status < DEPLOYMENT_STATUS_MAX;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/model/deployment-status.h"

/* One past or present deployment as the database has it. */
typedef struct DeploymentRecord {
        uint64_t id;
        const char *app;
        DeploymentStatus status;
        const char *requested_revision, *revision, *image_tag, *error_summary, *error_quote, *logs_path;
        uint16_t assigned_port;
        uint64_t release_id; /* what it runs or ran; 0 = nothing, or it is no longer kept */
        uint64_t created_at, started_at, finished_at;
        uint32_t requested_by;
} DeploymentRecord;

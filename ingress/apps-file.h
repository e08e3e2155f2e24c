/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The file that deployd writes for haproxy. */

#include "base/names.h"
#include "ingress/plan.h"

#define PATH_APPS_FILE PATH_STATE "/ingress/apps.cfg"

/* As it was last written; all NULL = not by this process. */
typedef struct AppsFile {
        char *text;
        char *generation; /* that it asks for: plan_generation() */
} AppsFile;

/* Makes the file what the model says, whole or not at all, readable by haproxy's user; also if somebody has
 * removed it. 1 if haproxy has to load it because its generation is another, 0, or -errno: then both are as
 * they were. */
int apps_file_update(AppsFile *file, const PlanParams *params);
void apps_file_clear(AppsFile *file);

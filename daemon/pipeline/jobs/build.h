/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One run of deployd-build: the tree of a commit becomes the tree of a release, in a unit of the app's build
 * user. */

#include "daemon/pipeline/jobs/helper.h"

typedef struct BuildParams {
        Deployment *deployment;
        int source_fd; /* the tree as it came, a tar; borrowed */
        int tar_fd;    /* where the result goes, empty; borrowed */
        HelperDone done;
        OneshotText text;
        void *userdata;
} BuildParams;

/* 0 or -errno. */
int build_new(Pipeline *pipeline, const BuildParams *params, Helper **ret);

/* The build unit of that deployment is gone, and what it needed goes too. */
void build_forget(uint64_t deployment);
/* At start: removes what builds have left in the spool. */
void build_sweep(void);

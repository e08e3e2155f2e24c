/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One run of deployd-fetch. Those of one repository run one after another, in the order they were asked for:
 * they write the same mirror. */

#include "daemon/pipeline/jobs/helper.h"

typedef struct FetchParams {
        Repository *repository;
        const char *revision;         /* "" = the branch */
        bool is_branch;               /* the revision rather names a branch than a tag */
        const char *directory;        /* where in the tree the app is */
        int tar_fd;                   /* where the tree goes, borrowed; -1 = no tree is wanted */
        bool mirror_only;             /* only what has been fetched already */
        const Deployment *deployment; /* for whom, NULL = for the repository itself */
        HelperDone done;
        OneshotText text;
        void *userdata;
} FetchParams;

/* 0 or -ENOMEM. `done` is called once; the fetch may be freed in it. */
int fetch_new(Pipeline *pipeline, const FetchParams *params, Fetch **ret);
/* Takes it out of the line, or has its unit stopped. */
Fetch *fetch_free(Fetch *fetch);
/* Whether submodules are a part of the tree that it has fetched: the setting may have changed since. */
bool fetch_has_submodules(const Fetch *fetch);

/* Begins what can begin: whenever a unit of a fetch is gone. */
void fetch_poll(Pipeline *pipeline);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/model/model.h"

/* A git repository that apps are deployed from. Times are microseconds of CLOCK_REALTIME, 0 = not yet. */
struct Repository {
        Model *model; /* NULL until it is added */
        uint64_t id;
        char *name;
        char *git_url;        /* never with a password in it */
        char *default_branch; /* "" = follow the remote's HEAD */
        char *submodules;     /* "yes" = they are a part of the tree, or "no" */
        char *head_revision;  /* commit last seen there, "" = never fetched */
        bool has_credential;  /* for its address: files/credential.h */
        uint64_t last_fetched_at;
        uint64_t created_at;
        LIST_HEAD(App, apps);
        LIST_FIELDS(Repository, repositories);
};

/* An object with empty texts. NULL when out of memory. */
Repository *repository_new(const char *name);
Repository *repository_free(Repository *repository);
DEFINE_CLEANUP(Repository *, repository_free);

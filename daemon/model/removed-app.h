/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/model/model.h"

/* An app that was removed, as long as what it has stored is not deleted. Its row is the only reason to
 * delete an app's data. */
struct RemovedApp {
        uint64_t id; /* of the app; names its directories */
        char *name;
        uint64_t removed_at, keep_until; /* microseconds of CLOCK_REALTIME */
        int64_t removed_by;              /* uid; -1 = deployd itself */
        uint64_t last_deployment;        /* its own deployments have no greater id */
        bool deleting;                   /* its data is being deleted */
        LIST_FIELDS(RemovedApp, removed_apps);
};

/* Adds a copy of `row` to the model, before the others. 0 or -ENOMEM. */
int removed_app_new(Model *model, const RemovedApp *row);
/* Its data is deleted, or an app's again. */
void removed_app_free(Model *model, RemovedApp *removed);

/* NULL if no data of such an app is left. */
RemovedApp *removed_app_by_id(const Model *model, uint64_t id);
/* The one of that name that was removed last. */
RemovedApp *removed_app_find(const Model *model, const char *name);

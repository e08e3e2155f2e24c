/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What haproxy is to be, from what the model says: pure functions. Whether it can be is another question,
 * which deployd-ports asks (ports/). */

#include "daemon/config.h"
#include "daemon/model/app.h"

typedef struct PlanParams {
        const Model *model;
        const Config *config;
} PlanParams;

/* What needs a reload when it changes: a frontend for each app. Caller frees; NULL when out of memory. */
char *plan_frontends(const PlanParams *params);

/* The whole file: `frontends`, a backend for each app with the servers that take requests, and an empty
 * backend named by plan_generation(), which says at run time what has been loaded. Caller frees; NULL when
 * out of memory. */
char *plan_file(const PlanParams *params, const char *frontends);

/* deployd-generation-HASH of the frontends. Caller frees; NULL when out of memory. */
char *plan_generation(const char *frontends);

/* d42.web.1, the name of an instance's server in the backend app-NAME. Caller frees; NULL when out of
 * memory. */
char *plan_server(const Instance *instance);

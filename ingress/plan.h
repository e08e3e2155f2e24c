/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What haproxy is to be, from what the model says: pure functions. Whether it can be is another question,
 * which deployd-ports asks (ports/). */

#include <inttypes.h>

#include "base/names.h"
#include "daemon/config.h"
#include "daemon/model/app.h"

typedef struct PlanParams {
        const Model *model;
        const Config *config;
} PlanParams;

/* What needs a reload when it changes: the limits of haproxy, and a frontend for each app that is
 * served (App.served). Caller frees;
 * NULL when out of memory. */
char *plan_frontends(const PlanParams *params);

/* The whole file: `frontends`, a backend for each app with the servers that take requests, and an empty
 * backend named by plan_generation(), which says at run time what has been loaded. Caller frees; NULL when
 * out of memory. */
char *plan_file(const PlanParams *params, const char *frontends);

/* deployd-generation-HASH of the frontends. Caller frees; NULL when out of memory. */
char *plan_generation(const char *frontends);

/* A server of each backend where nobody listens. haproxy takes it when no instance is open and tries again
 * after a short pause, each time with the instances that are open by then: so requests wait for an instance
 * that restarts. It is in maintenance while the app expects none (app_expects_requests()): requests are
 * refused at once. */
#define PLAN_HOLD         "hold"
#define PLAN_HOLD_ADDRESS ADDRESS_LOOPBACK ":1"

/* Of an app's frontend and backend: app-NAME. */
#define PLAN_PREFIX "app-"

/* An instance's server in that backend, d42.web.1: its name as a format of printf, and the values for it. */
#define PLAN_SERVER_FORMAT       "d%" PRIu64 ".%s.%u"
#define PLAN_SERVER_OF(instance) (instance)->deployment->id, (instance)->process, (instance)->number

/* That name. Caller frees; NULL when out of memory. */
char *plan_server(const Instance *instance);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "cli/option.h"

/* What became of a call that causes a deployment. */
typedef enum DeployEnd {
        DEPLOY_UNKNOWN, /* refused, or not followed to the end of the deployment */
        DEPLOY_NONE,    /* done, without a deployment: its id is 0 */
        DEPLOY_LIVE,
        DEPLOY_FAILED,
        DEPLOY_CANCELLED,
} DeployEnd;

/* Sends a call that replies with the id and the path of a deployment of `app`. With --no-wait the id is
 * printed; else the deployment is followed, and its end is said. Where the call caused no deployment,
 * nothing is printed. *ret_end may be NULL. An exit status. The connection may be closed by then. */
int deploy_run(sd_bus *bus, sd_bus_message *call, const char *app, const Options *options,
               DeployEnd *ret_end);

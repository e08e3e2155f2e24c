/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "cli/verb.h"

/* Sends a call that replies with the id and the path of a deployment of the app that is the invocation's
 * first argument. With --no-wait the id is printed; else the deployment is followed, and how it ended is
 * said. Where the call caused none (id 0), nothing is printed and *ret_none, which may be NULL for a call
 * that always causes one, is true. An exit status. The connection may be closed by then. */
int deploy_run(sd_bus *bus, sd_bus_message *call, const Invocation *invocation, bool *ret_none);

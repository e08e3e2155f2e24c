/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/deployment.h"

/* Asks for a deployment and follows it to its end on an event loop of its own. `call` replies with its id
 * and path, as Deploy does; with id 0 there is nothing to follow, and `ret` has that id.
 * Signals are subscribed to before it is sent, so nothing can be missed, and the deployment is read again
 * whenever deployd comes back after it was away. An exit status: EXIT_DONE when the deployment has ended, in
 * whatever way, which `ret` tells; EXIT_INTERRUPTED when the user wants to go on without following. The
 * connection is closed by then: sd-bus does so when its loop ends. `on_answers` is called once, when
 * requests go to it, which is before it is live. */
int deployment_follow(sd_bus *bus, sd_bus_message *call, const char *app,
                      void (*on_answers)(const char *app, const Deployment *deployment), Deployment *ret);

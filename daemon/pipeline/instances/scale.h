/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A live deployment follows the formation of its app: what is missing is started, and gets requests when it
 * listens; what is too much finishes its requests and is stopped. */

#include "daemon/pipeline/internal.h"

/* Begins what the live deployment needs; to be called whenever it or the formation has changed. */
void scale_poll(Pipeline *pipeline, App *app);

/* The ingress has done something, or units are gone: what leaves goes on. */
void leavings_poll(Pipeline *pipeline);
/* Forgets those that leave; their units go on, and the next start finds them. */
void leavings_free(Pipeline *pipeline);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Restart: the instances of what is live are started anew in place, one after another, so that the others
 * answer meanwhile. */

#include "daemon/pipeline/internal.h"

/* Begins, from the first one again if it is under way. */
void renew_begin(Pipeline *pipeline, Deployment *deployment);
/* Something about an instance is different. */
void renew_poll(Pipeline *pipeline, Deployment *deployment);

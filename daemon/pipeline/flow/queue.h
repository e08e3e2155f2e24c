/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whose turn it is: first come first served per app, one at a time per app, [runner] parallel at a time in
 * all. */

#include "daemon/pipeline/internal.h"

void queue_enter(Pipeline *pipeline, Deployment *deployment);

/* Gives free slots to those who wait; called whenever one may have become free. */
void queue_poll(Pipeline *pipeline);

/* The newest kept deployment that was built before the live one of the app; NULL if there is none. */
const Deployment *queue_find_previous(const App *app);

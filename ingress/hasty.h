/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Routes that are closed at once, beside the round that may be under way: what runs behind them has ended,
 * and another program may get the port. The next round closes them as well, so that a call that fails is not
 * repeated. */

#include <systemd/sd-event.h>

#include "daemon/model/deployment.h"

typedef struct Hasty Hasty;

/* `event` is borrowed, `path` is haproxy's admin socket and outlives it. NULL when out of memory. */
Hasty *hasty_new(sd_event *event, const char *path);
/* Drops the calls that are under way. */
Hasty *hasty_free(Hasty *hasty);
DEFINE_CLEANUP(Hasty *, hasty_free);

/* Lets no new request to the instance. */
void hasty_shut(Hasty *hasty, const Instance *instance);

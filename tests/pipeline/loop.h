/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The event loop of a test, with a clock that stands still unless the test moves it: a pause of an hour is
 * over at once. The program is linked so that clock_gettime(2) and the timers of sd-event go by this clock
 * (meson.build). */

#include <systemd/sd-event.h>

#include "base/macro.h"

extern sd_event *loop;

void loop_start(void);
void loop_end(void);

/* Runs what is due until nothing is. */
void loop_run(void);
/* Lets so many microseconds go by, and runs what becomes due on the way. */
void loop_advance(uint64_t usec);

/* What a fake does later, from the loop, in the order in which it was put off. */
typedef struct Later Later;
Later *later_new(void (*run)(void *userdata), void *userdata);
/* It is not run any more. NULL is allowed; one that has been run is freed already. */
Later *later_free(Later *later);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* How a deployment is shown while it runs: a line for each step with the time it took, the running one
 * written over in place on a terminal. Without a terminal a step's line comes when the step is over. */
typedef struct Steps {
        char *running; /* the step under way; NULL = none */
        char *text;    /* what it says */
        double progress;
        uint64_t since;   /* CLOCK_MONOTONIC, microseconds */
        uint64_t started; /* of the first step */
        bool drawn;       /* the running step stands on the terminal's last line */
} Steps;

void steps_clear(Steps *steps);

/* The step under way is `step` now; when that was another, it is over and went well. 0 or -ENOMEM. */
int steps_enter(Steps *steps, const char *step);

/* What the running step says, "" = nothing, and how far it is (0…1, less = unknown). 0 or -ENOMEM. */
int steps_update(Steps *steps, const char *text, double progress);

/* Draws the running step's line again. Does nothing without a terminal. */
void steps_draw(Steps *steps);

/* All is over; `went_well` says it of the step under way. `end` is the status it ended with. */
void steps_end(Steps *steps, bool went_well, const char *end);

/* Takes the running step's line away, so that something else can be printed. */
void steps_hide(Steps *steps);

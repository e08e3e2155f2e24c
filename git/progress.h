/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the program is doing, in the STATUS of its unit. Nothing is sent when nobody listens. */

#include "base/macro.h"

typedef struct Progress {
        uint64_t last; /* CLOCK_MONOTONIC in microseconds; 0 = nothing sent yet */
} Progress;

/* Says `format` unless something was said a moment ago. */
void progress_say(Progress *progress, const char *format, ...) _printf_(2, 3);

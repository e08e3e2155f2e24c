/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is odd about a tree, and does not keep it from being fetched: logged, and a part of the answer. */

#include <stddef.h>

#include "base/macro.h"

/* Of more remarks, the rest is in the log only. */
#define REMARKS_MAX 20

/* All zero in the beginning. */
typedef struct Remarks {
        char *sentences[REMARKS_MAX];
        size_t n;
} Remarks;

void remarks_done(Remarks *remarks);

void remarks_add(Remarks *remarks, const char *format, ...) _printf_(2, 3);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Cuts what comes out of a program into lines. Its size is fixed, whatever the program prints. */

#include "base/macro.h"

/* Of a longer line the rest is dropped: journald would cut it at 48 KiB, and nobody reads as much. */
#define LINE_BYTES_MAX ((size_t) 4096)

typedef struct Lines {
        size_t size;
        bool returned;                 /* the last byte was a carriage return */
        char text[LINE_BYTES_MAX + 2]; /* one byte more, which shows that the line is longer, and the NUL */
} Lines;

/* Gets a line without its end, as it came but for NUL bytes, which are `?`; what is drawn over it after a
 * carriage return (a progress bar) replaces it. At most LINE_BYTES_MAX + 1 bytes. */
typedef void (*LineEach)(const char *line, void *userdata);

void lines_add(Lines *lines, const char *data, size_t size, LineEach each, void *userdata);

/* The end: a last line without a newline is one too. */
void lines_end(Lines *lines, LineEach each, void *userdata);

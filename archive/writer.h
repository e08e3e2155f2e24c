/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Writes the lines of a log, packed or not. Of a log that is too long, the beginning and the end are kept:
 * the end says why something failed. */

#include <stdint.h>

#include "archive/packed.h"
#include "base/tail.h"

typedef struct Writer {
        Packed *packed; /* NULL = in plain text */
        int fd;
        uint64_t room; /* bytes that the beginning may still have */
        Tail tail;
        uint64_t bytes; /* of lines that were written */
} Writer;

/* The log goes to `fd`, which stays the caller's, packed or in plain text: at most `max` bytes of text, and
 * one line more that says how many lines are missing. writer_done() afterwards, also of a failure. 0 or
 * -errno. */
int writer_init(Writer *writer, int fd, uint64_t max, bool packed);
void writer_done(Writer *writer);

/* Adds a line, which has a newline at its end. 0 or -errno. */
int writer_add(Writer *writer, const char *line);

/* There are no more lines. 0 or -errno. */
int writer_end(Writer *writer);

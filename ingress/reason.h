/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Why haproxy refused its configuration, as it has said itself. */

#include <stddef.h>
#include <stdint.h>

/* The first alert of the last time that haproxy printed alerts, if that was after `since` (CLOCK_REALTIME,
 * microseconds); without control characters, and not longer than a sentence. Read from the journal, at most
 * REASON_LINES lines of it. Caller frees; NULL if there is none, or the journal cannot be read: it is a help
 * and no more. */
char *reason_read(uint64_t since);

/* What is worth reading in a line that haproxy printed: behind `[ALERT] (PID) : `. Caller frees; NULL if it
 * is no alert, one that only says that there were others, or when out of memory. */
char *reason_of_line(const char *line, size_t size);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* How values are shown to people. All results are new strings, the caller frees; NULL when out of memory.
 * Times are microseconds of CLOCK_REALTIME, 0 = not yet (shown as `-`). */

/* `length` bytes from outside, fit for a terminal: whatever is not printable in the locale is shown as \xNN,
 * but for tabs. A backslash stays as it is. */
char *text_escape(const char *text, size_t length);

/* As many columns of `text` as fit into `width`, cut at a character's border with `…`. `text` is printable
 * (text_escape()). */
char *text_cut(const char *text, size_t width);

/* For a row of a table: `5min ago`, or the date when that is more than a day. */
char *format_time_short(uint64_t time);

/* The day alone: `2026-03-01`. */
char *format_day(uint64_t time);

/* For one object: `2026-03-01 14:05:09 CET; 5min ago`. */
char *format_time_long(uint64_t time);

/* `512.0M`, `1.5G`, `100B`. Powers of 1024. */
char *format_size(uint64_t bytes);

/* `1min 30s`, `250ms`; no more than two units. */
char *format_duration(uint64_t microseconds);

/* How long something took: `0.2s`, `12.4s`, `3min 5s`. */
char *format_elapsed(uint64_t microseconds);

/* CPU time per second of time as a share of one CPU: 1500000 → `150%`. */
char *format_share(uint64_t microseconds_per_second);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Time spans, sizes and shares of a CPU, as people write them: the same in deploy.conf, in the settings of
 * apps and on the command line.
 *
 *      a time span  90s, 1.5h, 1h 30min, 2w: terms that are added up; one number alone is seconds
 *      a size       256M, 256MB, 256MiB, 1.5G: always to the base of 1024; a number alone is bytes
 *      a share      150%
 *
 * The units of a time span are those of systemd.time(7) up to weeks: months and years have no fixed length.
 * Capitals count. Blanks may stand behind a number and behind a unit. A number has no sign and no leading
 * zero. It may have a fraction, of which nine digits count, except in a share, in bytes and in microseconds.
 * What a fraction leaves below one byte or one microsecond is dropped. */

#include "base/macro.h"

#define DURATION_UNITS "us, ms, s, min, h, d or w"
#define SIZE_UNITS     "bytes or with K, M, G, T or P"

/* What the functions below read, in words: they end "it must be …" and "it needs …". */
#define DURATION_FORM "a time span in " DURATION_UNITS ", such as 90s, 1.5h or 1h 30min"
#define SIZE_FORM     "a size in " SIZE_UNITS ", such as 512M, 512MiB or 1.5G"
#define SHARE_FORM    "a share of one CPU's time such as 50% or 150%"
#define COUNT_FORM    "a whole number"

/* Microseconds; bytes; microseconds of CPU time in a second. 0; -EINVAL: `text` has another form; -ERANGE:
 * it is above UINT64_MAX. After an error *ret is unchanged. */
int duration_parse(const char *text, uint64_t *ret);
int size_parse(const char *text, uint64_t *ret);
int share_parse(const char *text, uint64_t *ret);

/* A number as text_to_u64() has it. 0, -EINVAL, -ERANGE, as above. */
int count_parse(const char *text, uint64_t *ret);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Of the last lines that a unit has printed the one that says why it ended (base/failure-line.h). */

#include <systemd/sd-event.h>
#include <systemd/sd-id128.h>

#include "base/cleanup.h"

typedef struct LastLine LastLine;

/* `line` is as it was printed, with whatever bytes but NUL; it lives until the callback returns, which may
 * change it. "" if the unit printed nothing, or the journal cannot be read: it is a help and no more. The
 * LastLine is freed before the callback. */
typedef void (*LastLineDone)(void *userdata, char *line);

/* Of the run of a unit that has that invocation id. Never calls back from within. 0 or -errno. */
int last_line_new(sd_event *event, const char *unit, sd_id128_t invocation, LastLineDone done,
                  void *userdata, LastLine **ret);
LastLine *last_line_free(LastLine *line);
DEFINE_CLEANUP(LastLine *, last_line_free);

/* The same, read at once from the journal as it is: from the files below `directory`, or this machine's if
 * that is NULL. 0 with the line in *ret, which the caller frees; -ENOENT if there is none; or -errno. */
int last_line_read(const char *directory, const char *unit, sd_id128_t invocation, char **ret);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The last line that a unit has printed. */

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

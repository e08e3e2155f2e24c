/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* Whether a unit property may have the text: letters of paths, names, numbers and options of ours. Blanks,
 * quotes, `%`, `$`, `;`, backslashes and control characters are not among them: systemd 252 reads those in a
 * unit file otherwise than it got them over the bus. */
bool unit_text_is_allowed(const char *text);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* True if standard output can be written over in place: a terminal that is not `dumb`. */
bool terminal_is_live(void);

/* True if it also wants colours (https://no-color.org). */
bool terminal_has_colours(void);

/* Columns of the terminal at standard output; COLUMNS of the environment goes before; 80 if nobody knows. */
size_t terminal_width(void);

/* True if the locale can show ✓. */
bool terminal_has_unicode(void);

/* True if standard output is a pipe or socket whose reader has gone. */
bool output_reader_is_gone(void);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a buildpack's bin/release prints: YAML, of which one block is read, as plain lines.
 *
 *      ---
 *      default_process_types:
 *        web: node server.js
 *
 * Other blocks are skipped. A command is taken byte for byte, as that of a Procfile. */

#include "release/procfile.h"

/* Tickets take them all, and more than a few commands nobody prints. */
#define DEFAULTS_SIZE_MAX ((size_t) 16 * 1024)

/* Adds each process type. 0; -EINVAL with a sentence in *reterr that begins with `line 3: `; -ENOMEM. */
int defaults_read(const char *text, Procfile *procfile, char **reterr);

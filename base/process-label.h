/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The name of a process as it is in the names of units. A `-` is written `_`, as in all names there; a `_`,
 * which other names do not have, is written `--`, which no name has: `celery_beat` is `celery--beat`. So no
 * two names have one label. */

#include <stddef.h>

#include "base/valid-name.h"

#define PROCESS_LABEL_MAX (2 * PROCESS_NAME_MAX)

/* `process` is a name of a process. */
void process_label_make(const char *process, char ret[static PROCESS_LABEL_MAX + 1]);

/* The name of the process whose label are these bytes. 0, or -EINVAL if there is none. */
int process_label_read(const char *label, size_t length, char ret[static PROCESS_NAME_MAX + 1]);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "base/macro.h"

/* Removes the app `name`, whose object is `path`, and waits until nothing of it runs any more; *ret_id is
 * its number then. An exit status: EXIT_INTERRUPTED when the user does not want to wait, EXIT_UNREACHABLE
 * when deployd goes away; the removal goes on all the same. The connection is closed by then. */
int removal_run(sd_bus *bus, const char *name, const char *path, bool force, uint64_t *ret_id);

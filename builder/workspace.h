/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* The directories of a build, which belong to its user. Nobody else of this user may run while they are
 * prepared and cleared. */

/* Removes everything in the directory, however deep and of whatever modes, without following links or
 * entering other mounts. 0; -EBUSY for a mount in it, which stays; other -errno. */
int workspace_clear(int directory_fd);

/* Opens a directory, and makes it readable if it is ours; with `make` it is made (0700), instead of what is
 * there and no directory. A descriptor; -errno with a sentence in *reterr. */
int workspace_open(const char *path, bool make, char **reterr);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* Writes all of it, however often write(2) has to be called. 0 or a negative errno. */
int fd_write(int fd, const void *data, size_t size);

/* Opens the file of `fd` once more, with flags of open(2) and close-on-exec: a position of its own, and
 * other rights than `fd` has. The new descriptor, which the caller closes, or a negative errno. */
int fd_reopen(int fd, int flags);

/* Gives a file of O_TMPFILE its name. 0; -EEXIST: the name is taken; another negative errno. */
int fd_link(int fd, const char *path);

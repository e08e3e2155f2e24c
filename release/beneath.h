/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

/* Opens beneath the tree and never through a link, part by part; `path` has no empty, `.` or `..` part.
 * (openat2() would do it in one call, but RestrictSUIDSGID= answers that with "not implemented", since it
 * cannot see into its arguments; nobody else writes here, so that nothing can change between two parts.)
 * -ELOOP for a link on the way; -errno. */
int open_beneath(int tree_fd, const char *path, int flags, mode_t mode);

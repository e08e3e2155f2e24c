/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Copies what is below one directory into another, which nobody else writes to: directories, links, and
 * regular files with their times and executable bits. What is there under a name is replaced by a file, and
 * kept as a directory. `except`: paths that are left out with all below them; ends with NULL, NULL = none.
 * The offset of `from_fd` is moved.
 *
 * 0, or -errno, with part of it copied: -ENOSPC for what has no room. */
int copy_tree(int from_fd, int to_fd, char *const *except);

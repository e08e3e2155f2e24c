/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "git/modules.h"
#include "git/remark.h"

/* Writes the tree as tar to `fd`, a regular file that is emptied first: in git's order, uid and gid 0, no
 * user names, time 0, directories and executable files 0755, other files 0644, symlinks as they are; nothing
 * for the root itself. The same tree always gives the same bytes. A submodule that is not among `modules`
 * becomes an empty directory, with a warning; of Git LFS it has the pointers, with a warning. Names longer
 * than ustar takes are in pax headers.
 *
 * libgit2 cannot stream an object out of a pack: each file is in memory as a whole, one at a time. So the
 * largest is bounded only by what tree_count() allowed for all of them. 0, or a negative errno with *problem
 * set. */
int tar_write(git_repository *repository, const git_oid *tree, Modules *modules, int fd, Remarks *remarks,
              Problem *problem);

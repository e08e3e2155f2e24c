/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "release/unpack.h"

/* Writes what is in the directory `tree_fd` to the empty file `archive_fd` as a tar archive, the same bytes
 * for the same tree: sorted by the bytes of the paths, uid and gid 0, time 0, modes as in manifest.h by the
 * owner's executable bit. Hard links become files; what is neither file, directory nor symbolic link is left
 * out with a warning in the log; other mounts are empty directories. Files of ours that cannot be read are
 * made readable. Nobody may change the tree meanwhile.
 *
 * 0; -errno with a sentence in *reterr: -EFBIG above a limit (max_bytes are those of all files), -EBADMSG
 * for a name or target that is not UTF-8 without control characters, -ENOSPC and other errors of the file
 * system. */
int pack_tree(int tree_fd, const UnpackLimits *limits, int archive_fd, UnpackCount *ret, char **reterr);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "release/manifest.h"

/* What an archive may hold; everything made counts: files, symbolic links, directories (also those only
 * named by what is below them). Depth is the number of names in a path. */
typedef struct UnpackLimits {
        uint64_t max_bytes, max_files, max_depth;
} UnpackLimits;

typedef struct UnpackCount {
        uint64_t bytes, files;
} UnpackCount;

/* Unpacks the tar archive in the regular file `archive_fd`, from its current offset to its end, into the
 * empty directory `tree_fd`, and lists each entry in `manifest` below RELEASE_TREE. Regular files,
 * directories and symbolic links only, paths relative and without detours; owners, times and modes of the
 * archive are ignored but for the executable bit. Nothing is made outside the directory, whatever the
 * archive says. The process's umask must be 0, so that modes are those of manifest.h.
 *
 * 0, or -errno with a sentence in *reterr: -EBADMSG for an archive that is refused, -EFBIG for one above a
 * limit; -ENOSPC and other errors of the file system. What was made until then stays. */
int unpack_tar(int archive_fd, int tree_fd, const UnpackLimits *limits, Manifest *manifest, UnpackCount *ret,
               char **reterr);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/text.h"
#include "release/unpack.h"
#include "tests/fuzz/fuzz.h"

/* The release is made here, in memory: a directory of the test's own. */
static char base[] = "/dev/shm/fuzz-tar-XXXXXX";

static int clear_one(const char *path, _unused_ const struct stat *st, _unused_ int type,
                     _unused_ struct FTW *walk)
{
        return remove(path);
}

static void clear_release(void)
{
        (void) nftw(RELEASE_TREE, clear_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void leave(void)
{
        clear_release();
        (void) rmdir(base);
}

static void enter(void)
{
        (void) umask(0);
        expect(mkdtemp(base) && chdir(base) == 0 && atexit(leave) == 0);
}

/* What is taken has the same digest in the archive and on the disk; what is refused says why. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const UnpackLimits limits = { .max_bytes = 65536, .max_files = 64, .max_depth = 8 };
        static bool entered;
        _cleanup_(manifest_freep) Manifest *manifest = manifest_new(), *found = manifest_new();
        _cleanup_close_ int archive_fd = file_of(data, size), tree_fd = -1;
        _cleanup_free_ char *error = NULL, *none = NULL;
        Sha256Text digest, other;
        UnpackCount count;
        int r;

        if (!entered)
                enter();
        entered = true;
        expect(manifest && found && mkdir(RELEASE_TREE, RELEASE_MODE_DIRECTORY) == 0);
        tree_fd = open(RELEASE_TREE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        expect(tree_fd >= 0 && manifest_add(manifest, ENTRY_DIRECTORY, RELEASE_TREE, "") == 0);
        r = unpack_tar(archive_fd, tree_fd, &limits, manifest, &count, &error);
        if (r >= 0) {
                expect(count.files <= limits.max_files && count.bytes <= limits.max_bytes);
                expect(manifest_scan(found, &none) == 0);
                expect(manifest_digest(manifest, &digest) == 0 && manifest_digest(found, &other) == 0);
                expect(strcmp(digest.text, other.text) == 0);
        } else
                expect(error && text_is_clean(error, false));
        clear_release();
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/files/release.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/failpoint.h"
#include "base/names.h"
#include "base/text.h"

char *release_path(uint64_t id, const char *part)
{
        return text_format(PATH_RELEASES "/%" PRIu64 "%s%s", id,
                           part[0] == '.' || part[0] == '\0' ? "" : "/", part);
}

static int sync_directory(const char *path)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0 || fsync(fd) < 0)
                return -errno;
        return 0;
}

bool release_is_missing(uint64_t id)
{
        _cleanup_free_ char *path = release_path(id, "");

        return path && access(path, F_OK) < 0 && errno == ENOENT;
}

int release_commit(uint64_t id)
{
        _cleanup_free_ char *from = release_path(id, RELEASE_SUFFIX_NEW), *to = release_path(id, "");

        if (!from || !to)
                return -ENOMEM;
        FAILPOINT("release-commit.before");
        if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) < 0)
                return -errno;
        FAILPOINT("release-commit.after");
        return sync_directory(PATH_RELEASES);
}

int release_spool(void)
{
        int fd = open(PATH_SPOOL, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

        return fd < 0 ? -errno : fd;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* The file of a descriptor as a path, for what wants one. */
typedef char FdPath[sizeof("/proc/self/fd/2147483647")];

static const char *fd_path(int fd, FdPath buffer)
{
        (void) snprintf(buffer, sizeof(FdPath), "/proc/self/fd/%d", fd);
        return buffer;
}

int fd_write(int fd, const void *data, size_t size)
{
        const uint8_t *at = data;

        assert(fd >= 0);
        assert(data || size == 0);

        while (size > 0) {
                ssize_t n = write(fd, at, size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                at += n;
                size -= (size_t) n;
        }
        return 0;
}

int fd_reopen(int fd, int flags)
{
        FdPath path;
        int again;

        assert(fd >= 0);

        again = open(fd_path(fd, path), flags | O_CLOEXEC);
        return again < 0 ? -errno : again;
}

int fd_link(int fd, const char *path)
{
        FdPath from;

        assert(fd >= 0);
        assert(path);

        return linkat(AT_FDCWD, fd_path(fd, from), AT_FDCWD, path, AT_SYMLINK_FOLLOW) < 0 ? -errno : 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "release/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

int open_beneath(int tree_fd, const char *path, int flags, mode_t mode)
{
        _cleanup_free_ char *parts = strdup(path);
        _cleanup_close_ int above_fd = -1;
        char *rest = parts, *part;

        if (!parts)
                return -ENOMEM;
        while ((part = strsep(&rest, "/")) && rest) {
                int fd = openat(above_fd < 0 ? tree_fd : above_fd, part, O_PATH | O_NOFOLLOW | O_CLOEXEC);
                struct stat st;

                if (fd < 0)
                        return -errno;
                closep(&above_fd);
                above_fd = fd;
                if (fstat(fd, &st) < 0)
                        return -errno;
                if (!S_ISDIR(st.st_mode))
                        return S_ISLNK(st.st_mode) ? -ELOOP : -ENOTDIR;
        }
        tree_fd = openat(above_fd < 0 ? tree_fd : above_fd, part, flags | O_NOFOLLOW | O_CLOEXEC, mode);
        return tree_fd < 0 ? -errno : tree_fd;
}

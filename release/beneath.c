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
        struct stat st;
        int fd;

        if (!parts)
                return -ENOMEM;
        while ((part = strsep(&rest, "/")) && rest) {
                fd = openat(above_fd < 0 ? tree_fd : above_fd, part, O_PATH | O_NOFOLLOW | O_CLOEXEC);
                if (fd < 0)
                        return -errno;
                closep(&above_fd);
                above_fd = fd;
                if (fstat(fd, &st) < 0)
                        return -errno;
                if (!S_ISDIR(st.st_mode))
                        return S_ISLNK(st.st_mode) ? -ELOOP : -ENOTDIR;
        }
        if (above_fd >= 0)
                tree_fd = above_fd;
        fd = openat(tree_fd, part, flags | O_NOFOLLOW | O_CLOEXEC, mode);
        if (fd >= 0)
                return fd;
        /* O_DIRECTORY hides which of the two it is. */
        if (errno == ENOTDIR && fstatat(tree_fd, part, &st, AT_SYMLINK_NOFOLLOW) >= 0)
                return S_ISLNK(st.st_mode) ? -ELOOP : -ENOTDIR;
        return -errno;
}

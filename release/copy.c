/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "release/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "release/walk.h"

/* Bytes at once where the kernel does not copy by itself. */
#define CHUNK ((size_t) 128 * 1024)

typedef struct Copy {
        int to_fd;
        char *const *except;
} Copy;

static int copy_write(int fd, const char *bytes, size_t size)
{
        while (size > 0) {
                ssize_t n = write(fd, bytes, size);

                if (n < 0 && errno != EINTR)
                        return -errno;
                bytes += MAX2(n, 0);
                size -= (size_t) MAX2(n, 0);
        }
        return 0;
}

/* By the kernel, which shares the blocks where the file system can, or else byte by byte. */
static int copy_bytes(int from_fd, int to_fd)
{
        static char chunk[CHUNK];
        ssize_t n;
        int r;

        while ((n = copy_file_range(from_fd, NULL, to_fd, NULL, SSIZE_MAX, 0)) > 0)
                ;
        if (n == 0 || errno == ENOSPC)
                return n < 0 ? -errno : 0;
        while ((n = read(from_fd, chunk, sizeof(chunk))) != 0) {
                if (n < 0 && errno != EINTR)
                        return -errno;
                r = copy_write(to_fd, chunk, (size_t) MAX2(n, 0));
                if (r < 0)
                        return r;
        }
        return 0;
}

static int copy_file(const WalkEntry *entry, int to_fd)
{
        const struct timespec times[] = { entry->state->st_atim, entry->state->st_mtim };
        _cleanup_close_ int from =
                openat(entry->directory_fd, entry->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        _cleanup_close_ int to = -1;
        int r;

        if (from < 0)
                return -errno;
        if (unlinkat(to_fd, entry->path, 0) < 0 && errno != ENOENT)
                return -errno;
        to = openat(to_fd, entry->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                    entry->state->st_mode & 0777);
        if (to < 0)
                return -errno;
        r = copy_bytes(from, to);
        return r < 0 || futimens(to, times) >= 0 ? r : -errno;
}

static int copy_link(const WalkEntry *entry, int to_fd)
{
        char target[PATH_MAX];
        ssize_t n = readlinkat(entry->directory_fd, entry->name, target, sizeof(target) - 1);

        if (n < 0)
                return -errno;
        target[n] = '\0';
        if (unlinkat(to_fd, entry->path, 0) < 0 && errno != ENOENT)
                return -errno;
        return symlinkat(target, to_fd, entry->path) < 0 ? -errno : 0;
}

static bool copy_is_excepted(const Copy *copy, const char *path)
{
        for (char *const *except = copy->except; except && *except; except++) {
                size_t length = strlen(*except);

                if (strncmp(path, *except, length) == 0 && (path[length] == '\0' || path[length] == '/'))
                        return true;
        }
        return false;
}

static int copy_entry(const WalkEntry *entry, void *userdata)
{
        const Copy *copy = userdata;

        if (copy_is_excepted(copy, entry->path))
                return 0;
        if (S_ISDIR(entry->state->st_mode))
                return mkdirat(copy->to_fd, entry->path, 0777) < 0 && errno != EEXIST ? -errno : 0;
        if (S_ISLNK(entry->state->st_mode))
                return copy_link(entry, copy->to_fd);
        return S_ISREG(entry->state->st_mode) ? copy_file(entry, copy->to_fd) : 0;
}

int copy_tree(int from_fd, int to_fd, char *const *except)
{
        Copy copy = { .to_fd = to_fd, .except = except };

        return walk_tree(from_fd, copy_entry, &copy);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "builder/workspace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "release/refuse.h"

/* Directories inside one another can be more than there are descriptors or bytes for a path. So nothing goes
 * down: what is a directory in a directory is moved up to the top, until there is none left in any. */

/* Names in the top directory for what is moved up; a name that is taken is passed over. */
typedef struct Clear {
        int top_fd;
        uint64_t moved;
} Clear;

typedef int (*ClearEach)(Clear *clear, int directory_fd, const char *name);

/* Calls `each` for what is in a directory. 0 or the first -errno. */
static int for_each(Clear *clear, int directory_fd, ClearEach each)
{
        int fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
        _cleanup_dir_ DIR *directory = fd < 0 ? NULL : fdopendir(fd);
        const struct dirent *child;

        if (!directory) {
                r = -errno;
                closep(&fd);
                return r;
        }
        /* cppcheck-suppress readdirCalled ; nobody else reads from this stream */
        while (r >= 0 && (errno = 0, child = readdir(directory)))
                if (strcmp(child->d_name, ".") != 0 && strcmp(child->d_name, "..") != 0)
                        r = each(clear, dirfd(directory), child->d_name);
        return r < 0 ? r : -errno;
}

/* Removes it, unless it is a directory: 1. */
static int remove_file(int directory_fd, const char *name)
{
        struct stat state;

        if (fstatat(directory_fd, name, &state, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (S_ISDIR(state.st_mode)) {
                /* To be read, emptied and moved: its own `..` is written then. */
                if ((state.st_mode & 0700) != 0700 && fchmodat(directory_fd, name, 0700, 0) < 0)
                        return -errno;
                return 1;
        }
        return unlinkat(directory_fd, name, 0) < 0 ? -errno : 0;
}

static int move_up(Clear *clear, int directory_fd, const char *name)
{
        int r = remove_file(directory_fd, name);

        while (r > 0) {
                char new[sizeof("moved-18446744073709551615")];

                (void) snprintf(new, sizeof(new), "moved-%" PRIu64, clear->moved++);
                if (renameat2(directory_fd, name, clear->top_fd, new, RENAME_NOREPLACE) >= 0)
                        return 0;
                if (errno != EEXIST)
                        return errno == EXDEV ? -EBUSY : -errno;
        }
        return r;
}

static int remove_top(Clear *clear, int top_fd, const char *name)
{
        int r = remove_file(top_fd, name);
        _cleanup_close_ int fd = -1;
        struct stat top, state;

        if (r <= 0)
                return r;
        fd = openat(top_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fstat(top_fd, &top) < 0 || fstat(fd, &state) < 0)
                return -errno;
        if (state.st_dev != top.st_dev)
                return -EBUSY;
        r = for_each(clear, fd, move_up);
        if (r < 0)
                return r;
        return unlinkat(top_fd, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

static int is_there(_unused_ Clear *clear, _unused_ int directory_fd, _unused_ const char *name)
{
        return -ENOTEMPTY;
}

int workspace_clear(int directory_fd)
{
        Clear clear = { directory_fd, 0 };
        int r;

        /* Where it is ours, for a build may have closed it. */
        (void) fchmod(directory_fd, 0700);
        /* A reading need not show what came during it. Each round removes all that was there when it began.
         */
        do {
                r = for_each(&clear, directory_fd, remove_top);
                if (r >= 0)
                        r = for_each(&clear, directory_fd, is_there);
        } while (r == -ENOTEMPTY);
        return r;
}

/* Makes a directory where something else may have been put. */
static int workspace_make_directory(const char *path)
{
        struct stat state;

        if (lstat(path, &state) >= 0 && !S_ISDIR(state.st_mode) && unlink(path) < 0)
                return -errno;
        return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

int workspace_open(const char *path, bool make, char **reterr)
{
        /* Those that the unit gives us may be links: CacheDirectory= of a dynamic user is one. */
        int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (make ? O_NOFOLLOW : 0), fd;
        int r = make ? workspace_make_directory(path) : 0;

        if (r < 0)
                return refuse(reterr, r, "cannot make %s: %s", path, strerror(-r));
        fd = open(path, flags);
        /* A build before may have closed it. */
        if (fd < 0 && errno == EACCES && chmod(path, 0700) >= 0)
                fd = open(path, flags);
        return fd < 0 ? refuse(reterr, -errno, "cannot open %s: %s", path, strerror(errno)) : fd;
}

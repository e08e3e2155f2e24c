/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "release/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"

/* Why not fts(3): it goes back up by "..", and gives up where somebody moves directories meanwhile. */

typedef struct Walk {
        int (*each)(const WalkEntry *entry, void *userdata);
        void *userdata;
        dev_t device;
        char path[WALK_DEPTH_MAX * (NAME_MAX + 1) + 1];
} Walk;

/* What has been removed or exchanged since its name was read. */
static bool is_gone(int error)
{
        return error == ENOENT || error == ENOTDIR || error == ELOOP;
}

/* A descriptor; -errno. */
static int open_directory(const WalkEntry *entry)
{
        int fd;

        if ((entry->state->st_mode & 0500) != 0500 &&
            fchmodat(entry->directory_fd, entry->name, (entry->state->st_mode & 0777) | 0700, 0) < 0 &&
            is_gone(errno))
                return -errno;
        fd = openat(entry->directory_fd, entry->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

static int walk_directory(Walk *walk, int fd, size_t path_size, unsigned depth);

static int walk_entry(Walk *walk, int directory_fd, const char *name, size_t path_size, unsigned depth)
{
        struct stat state;
        WalkEntry entry = { directory_fd, name, walk->path, &state, depth };
        size_t length = strlen(name);
        int fd, r;

        if (depth > WALK_DEPTH_MAX)
                return -ENAMETOOLONG;
        if (path_size > 0)
                walk->path[path_size++] = '/';
        memcpy(walk->path + path_size, name, length + 1);

        if (fstatat(directory_fd, name, &state, AT_SYMLINK_NOFOLLOW) < 0)
                return is_gone(errno) ? 0 : -errno;
        r = walk->each(&entry, walk->userdata);
        if (r < 0 || !S_ISDIR(state.st_mode) || state.st_dev != walk->device)
                return r;
        fd = open_directory(&entry);
        if (fd < 0)
                return is_gone(-fd) ? 0 : fd;
        return walk_directory(walk, fd, path_size + length, depth + 1);
}

/* Takes the descriptor. */
static int walk_directory(Walk *walk, int fd, size_t path_size, unsigned depth)
{
        _cleanup_dir_ DIR *directory = fdopendir(fd);
        const struct dirent *child;
        int r = 0;

        if (!directory) {
                r = -errno;
                (void) close(fd);
                return r;
        }
        /* cppcheck-suppress readdirCalled ; nobody else reads from this stream */
        while (r >= 0 && (errno = 0, child = readdir(directory)))
                if (strcmp(child->d_name, ".") != 0 && strcmp(child->d_name, "..") != 0)
                        r = walk_entry(walk, dirfd(directory), child->d_name, path_size, depth);
        return r < 0 ? r : is_gone(errno) ? 0 : -errno;
}

int walk_tree(int tree_fd, int (*each)(const WalkEntry *entry, void *userdata), void *userdata)
{
        _cleanup_free_ Walk *walk = calloc(1, sizeof(Walk));
        struct stat state;
        int fd;

        assert(each);

        if (!walk)
                return -ENOMEM;
        *walk = (Walk){ .each = each, .userdata = userdata };
        if (fstat(tree_fd, &state) < 0)
                return -errno;
        walk->device = state.st_dev;
        fd = openat(tree_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 && errno == EACCES && fchmod(tree_fd, 0700) >= 0)
                fd = openat(tree_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : walk_directory(walk, fd, 0, 1);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "systemd/launch-places.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "release/copy.h"

/* Of the file that remembers a directory: `/` of its name is SEPARATOR there. */
#define MARK_PREFIX ".persist-"
#define SEPARATOR   '+'

/* More than there are of a setting. */
#define NAMES_MAX 64

static int launch_place_copy(const char *from, const char *to, char *const *except)
{
        _cleanup_close_ int from_fd = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int to_fd = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return from_fd < 0 || to_fd < 0 ? -errno : copy_tree(from_fd, to_fd, except);
}

/* PREFIX and the name as the name of one file. Caller frees; NULL when out of memory. */
static char *launch_place_path(const char *prefix, const char *name)
{
        char *path = text_format("%s%s", prefix, name);

        for (char *c = path ? path + strlen(prefix) : NULL; c && *c; c++)
                if (*c == '/')
                        *c = SEPARATOR;
        return path;
}

/* Opens the file that remembers the directory, and locks out other instances: one of them copies. *ret_made:
 * there was none. A descriptor or -errno. */
static int launch_place_open_mark(const char *state, const char *name, bool *ret_made)
{
        _cleanup_free_ char *prefix = text_format("%s/" MARK_PREFIX, state);
        _cleanup_free_ char *path = prefix ? launch_place_path(prefix, name) : NULL;
        const int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
        _cleanup_close_ int fd = -1;

        if (!path)
                return -ENOMEM;
        fd = open(path, flags | O_CREAT | O_EXCL, 0600);
        *ret_made = fd >= 0;
        if (fd < 0 && errno == EEXIST)
                fd = open(path, flags);
        if (fd < 0)
                return -errno;
        while (flock(fd, LOCK_EX) < 0)
                if (errno != EINTR)
                        return -errno;
        return TAKE_FD(fd);
}

/* 1 if there is nothing in the directory, 0 if there is something, or -errno. */
static int directory_is_empty(const char *path)
{
        DIR *directory = opendir(path);
        const struct dirent *entry;
        int r = 1;

        if (!directory)
                return -errno;
        while (r == 1 && (entry = readdir(directory)))
                r = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
        (void) closedir(directory);
        return r;
}

/* Copies what the release has into the directory that is kept, and only then notes it: what has been copied
 * when power fails is on the disk before the note is. 0 or -errno. */
static int launch_place_copy_once(const char *name, const char *kept)
{
        _cleanup_free_ char *from = text_format(PATH_APP_RELEASE "/%s", name);
        _cleanup_close_ int fd = -1;
        int r;

        if (!from)
                return -ENOMEM;
        r = launch_place_copy(from, kept, NULL);
        if (r < 0 && r != -ENOENT)
                return r;
        fd = open(kept, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 || syncfs(fd) < 0 ? -errno : 0;
}

/* What is copied once is not copied again, though the app has removed it. A mark that is there and empty is
 * of a copy that was cut short. A mark that is missing says nothing: what is in the directory is the app's.
 */
static int launch_place_fill(const char *state, const char *name, const char *kept)
{
        bool made;
        _cleanup_close_ int fd = launch_place_open_mark(state, name, &made);
        struct stat mark;
        int r;

        if (fd < 0)
                return fd;
        if (fstat(fd, &mark) < 0)
                return -errno;
        if (mark.st_size > 0)
                return 0;
        r = made ? directory_is_empty(kept) : 1;
        if (r > 0)
                r = launch_place_copy_once(name, kept);
        if (r < 0)
                return r;
        if (write(fd, "\n", 1) != 1)
                return -EIO;
        return fsync(fd) < 0 ? -errno : 0;
}

/* In the copy of the tree, a link stands for the directory. */
static int launch_place_link(const char *name, const char *kept)
{
        _cleanup_free_ char *path = text_format(PATH_APP_TREE "/%s", name);

        if (!path)
                return -ENOMEM;
        for (char *slash = path + strlen(PATH_APP_TREE "/"); (slash = strchr(slash, '/')); slash++) {
                *slash = '\0';
                if (mkdir(path, 0777) < 0 && errno != EEXIST)
                        return -errno;
                *slash = '/';
        }
        return symlink(kept, path) < 0 ? -errno : 0;
}

static int launch_place_make(const char *name, bool writable)
{
        const char *state = getenv("STATE_DIRECTORY");
        _cleanup_free_ char *kept = writable ? launch_place_path(PATH_APP_KEPT "/", name)
                                             : text_format(PATH_APP_TREE "/%s", name);
        int r;

        if (!state)
                return -EINVAL;
        if (!kept)
                return -ENOMEM;
        r = launch_place_fill(state, name, kept);
        return r >= 0 && writable ? launch_place_link(name, kept) : r;
}

static void launch_place_log(int error, const char *what)
{
        if (error == -ENOSPC && !what)
                log_error(
                        "deployd-launch: there is no room for a copy of the tree: see writable-tree-max and build-files-max of [runner]");
        else
                log_error("deployd-launch: cannot copy %s: %s", what ? what : "the tree", strerror(-error));
}

int launch_make_places(char *const options[])
{
        char *names[NAMES_MAX + 1] = { NULL };
        bool writable = false;
        int r = 0;

        for (; *options; options++)
                if (strcmp(*options, LAUNCH_OPTION_WRITABLE) == 0)
                        writable = true;
                else if (strncmp(*options, LAUNCH_OPTION_PERSIST, strlen(LAUNCH_OPTION_PERSIST)) == 0) {
                        char *rest = *options + strlen(LAUNCH_OPTION_PERSIST);

                        for (size_t i = 0; rest && i < NAMES_MAX; i++)
                                names[i] = strsep(&rest, ":");
                } else {
                        log_error("deployd-launch: no option: %s", *options);
                        return -EINVAL;
                }
        if (writable)
                r = launch_place_copy(PATH_APP_RELEASE, PATH_APP_TREE, names);
        if (r < 0) {
                launch_place_log(r, NULL);
                return r;
        }
        for (size_t i = 0; names[i]; i++) {
                r = launch_place_make(names[i], writable);
                if (r < 0) {
                        launch_place_log(r, names[i]);
                        return r;
                }
        }
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/files/log-file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/failpoint.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text.h"

#define SUFFIX ".zst"

static char *directory_path(uint64_t app)
{
        return text_format(PATH_LOGS "/%" PRIu64, app);
}

char *log_file_path(uint64_t app, uint64_t deployment)
{
        return text_format(PATH_LOGS "/%" PRIu64 "/%" PRIu64 SUFFIX, app, deployment);
}

/* The id of `42.zst`; 0 for anything else. */
static uint64_t log_id(const char *entry)
{
        _cleanup_free_ char *number = strndup(entry, strcspn(entry, "."));
        uint64_t id;

        return !number || strcmp(entry + strlen(number), SUFFIX) != 0 ||
                               text_to_u64(number, INT64_MAX, &id) < 0
                       ? 0
                       : id;
}

static int by_id(const struct dirent **a, const struct dirent **b)
{
        uint64_t left = log_id((*a)->d_name), right = log_id((*b)->d_name);

        return left < right ? -1 : left > right;
}

static int is_log(const struct dirent *entry)
{
        return log_id(entry->d_name) != 0;
}

void log_files_prune(uint64_t app, uint64_t keep)
{
        _cleanup_free_ char *directory = directory_path(app);
        struct dirent **entries;
        int n = directory ? scandir(directory, &entries, is_log, by_id) : -1;

        if (n < 0)
                return;
        for (int i = 0; i < n; i++) {
                _cleanup_free_ char *path = log_file_path(app, log_id(entries[i]->d_name));

                if (path && (uint64_t) (n - i) > keep && unlink(path) < 0)
                        log_warning("Cannot remove log %s, ignoring: %m", path);
                free(entries[i]);
        }
        free(entries);
        if (keep == 0 && rmdir(directory) < 0 && errno != ENOENT)
                log_warning("Cannot remove %s, ignoring: %m", directory);
}

/* It belongs to group adm by PATH_LOGS, which hands its group down. */
int log_directory_make(uint64_t app, char **ret)
{
        _cleanup_free_ char *path = directory_path(app);
        mode_t mask;
        int r;

        if (!path)
                return -ENOMEM;
        mask = umask(0027);
        r = mkdir(path, 0750) < 0 && errno != EEXIST ? -errno : 0;
        (void) umask(mask);
        if (r >= 0)
                *ret = TAKE_PTR(path);
        return r;
}

int log_file_commit(int fd, const char *path)
{
        int r;

        if (fchmod(fd, 0640) < 0 || fsync(fd) < 0)
                return -errno;
        FAILPOINT("log-commit.before");
        if (unlink(path) < 0 && errno != ENOENT)
                return -errno;
        r = fd_link(fd, path);
        if (r < 0)
                return r;
        FAILPOINT("log-commit.after");
        return 0;
}

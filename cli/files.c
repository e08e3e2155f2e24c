/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/files.h"

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli/format.h"
#include "cli/verb.h"

enum {
        DESCRIPTORS_MAX = 32, /* one for each level, so deeper trees take longer */
};

/* nftw() has no place for it: what has been counted by now. */
static struct {
        Files files;
        const char *path;
        dev_t device;   /* of the directory at `path` */
        uint64_t begun; /* CLOCK_MONOTONIC */
        bool said;
        int error;
} count;

static int count_one(const char *path _unused_, const struct stat *status, int type, struct FTW *at _unused_)
{
        if (!count.said && clock_usec(CLOCK_MONOTONIC) - count.begun > USEC_PER_SEC) {
                count.said = true;
                say("counting the files in %s", count.path);
        }
        /* What goes while it is counted is not there. */
        if (type == FTW_DNR || (type == FTW_NS && errno != ENOENT)) {
                count.error = -EACCES;
                return FTW_STOP;
        }
        if (type == FTW_D)
                return status->st_dev == count.device ? FTW_CONTINUE : FTW_SKIP_SUBTREE;
        if (type == FTW_NS)
                return FTW_CONTINUE;
        count.files.n++;
        if (S_ISREG(status->st_mode))
                count.files.bytes += (uint64_t) status->st_size;
        return FTW_CONTINUE;
}

int files_count(const char *path, Files *ret)
{
        struct stat status;

        *ret = (Files){ 0 };
        if (lstat(path, &status) < 0)
                return errno == ENOENT ? 0 : -errno;
        memset(&count, 0, sizeof(count));
        count.path = path;
        count.device = status.st_dev;
        count.begun = clock_usec(CLOCK_MONOTONIC);
        /* On one file system or several: on an overlay a file has another device than its directory, and
         * would be left out. */
        if (nftw(path, count_one, DESCRIPTORS_MAX, FTW_PHYS | FTW_ACTIONRETVAL) < 0)
                return -errno;
        *ret = count.files;
        return count.error;
}

char *files_format(const Files *files)
{
        _cleanup_free_ char *size = format_size(files->bytes);

        return size ? text_format("%" PRIu64 " file%s, %s", files->n, files->n == 1 ? "" : "s", size) : NULL;
}

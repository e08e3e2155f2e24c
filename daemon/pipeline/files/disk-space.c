/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/files/disk-space.h"

#include <errno.h>
#include <sys/statvfs.h>

#include "base/names.h"
#include "base/text.h"

int disk_space_check(const Pipeline *pipeline, char **ret)
{
        uint64_t wanted = pipeline_config(pipeline)->min_free_space, available;
        struct statvfs disk;
        SizeText left, least;

        assert(ret);

        *ret = NULL;
        if (statvfs(PATH_STATE, &disk) < 0)
                return 0;
        available = (uint64_t) disk.f_bavail * disk.f_frsize;
        if (available >= wanted)
                return 0;
        *ret = text_format("the disk of " PATH_STATE
                           " has %s left: remove something from it, or lower min-free-space (%s) of "
                           "[runner] in deploy.conf",
                           text_size(available, left), text_size(wanted, least));
        return *ret ? 0 : -ENOMEM;
}

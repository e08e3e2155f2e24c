/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ingress/apps-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/failpoint.h"
#include "base/fd.h"

#define PATH_DRAFT PATH_STATE "/ingress/.apps.cfg.new"

/* Whole or not at all, readable by haproxy's user. */
static int apps_file_write(const char *text)
{
        _cleanup_close_ int fd =
                open(PATH_DRAFT, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
        int r;

        if (fd < 0 || fchmod(fd, 0644) < 0)
                return -errno;
        r = fd_write(fd, text, strlen(text));
        if (r < 0)
                return r;
        FAILPOINT("ingress-file.before");
        if (fsync(fd) < 0 || rename(PATH_DRAFT, PATH_APPS_FILE) < 0)
                return -errno;
        FAILPOINT("ingress-file.after");
        return 0;
}

int apps_file_update(AppsFile *file, const PlanParams *params)
{
        _cleanup_free_ char *frontends = NULL, *text = NULL, *generation = NULL;
        bool other;
        int r;

        assert(file);
        assert(params);

        frontends = plan_frontends(params);
        text = frontends ? plan_file(params, frontends) : NULL;
        generation = frontends ? plan_generation(frontends) : NULL;
        if (!text || !generation)
                return -ENOMEM;
        if (file->text && strcmp(file->text, text) == 0 && access(PATH_APPS_FILE, F_OK) == 0)
                return 0;
        r = apps_file_write(text);
        if (r < 0)
                return r;
        other = !file->generation || strcmp(file->generation, generation) != 0;
        apps_file_clear(file);
        *file = (AppsFile){ .text = TAKE_PTR(text), .generation = TAKE_PTR(generation) };
        return other;
}

void apps_file_clear(AppsFile *file)
{
        free(file->text);
        free(file->generation);
        *file = (AppsFile){};
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/repository.h"

#include <string.h>

Repository *repository_new(const char *name)
{
        _cleanup_(repository_freep) Repository *repository = calloc(1, sizeof(Repository));

        assert(name);

        if (!repository)
                return NULL;
        repository->name = strdup(name);
        repository->git_url = strdup("");
        repository->default_branch = strdup("");
        repository->head_revision = strdup("");
        if (!repository->name || !repository->git_url || !repository->default_branch ||
            !repository->head_revision)
                return NULL;
        return TAKE_PTR(repository);
}

Repository *repository_free(Repository *repository)
{
        if (!repository)
                return NULL;
        free(repository->name);
        free(repository->git_url);
        free(repository->default_branch);
        free(repository->head_revision);
        free(repository);
        return NULL;
}

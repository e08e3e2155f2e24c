/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/repository.h"

#include <string.h>

#include "daemon/model/setting-value.h"

Repository *repository_new(const char *name)
{
        _cleanup_(repository_freep) Repository *repository = calloc(1, sizeof(Repository));

        assert(name);

        if (!repository)
                return NULL;
        repository->name = strdup(name);
        repository->head_revision = strdup("");
        if (!repository->name || !repository->head_revision ||
            settings_init(&repository_settings, repository) < 0)
                return NULL;
        return TAKE_PTR(repository);
}

Repository *repository_free(Repository *repository)
{
        if (!repository)
                return NULL;
        free(repository->name);
        settings_clear(&repository_settings, repository);
        free(repository->head_revision);
        free(repository);
        return NULL;
}

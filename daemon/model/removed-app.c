/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/removed-app.h"

#include <errno.h>
#include <string.h>

int removed_app_new(Model *model, const RemovedApp *row)
{
        RemovedApp *removed = calloc(1, sizeof(RemovedApp));

        assert(model);
        assert(row && row->name);

        if (!removed)
                return -ENOMEM;
        *removed = *row;
        removed->name = strdup(row->name);
        if (!removed->name) {
                free(removed);
                return -ENOMEM;
        }
        LIST_PREPEND(removed_apps, model->removed_apps, removed);
        return 0;
}

RemovedApp *removed_app_by_id(const Model *model, uint64_t id)
{
        RemovedApp *removed;

        assert(model);

        LIST_FOREACH (removed_apps, removed, model->removed_apps)
                if (removed->id == id)
                        return removed;
        return NULL;
}

RemovedApp *removed_app_find(const Model *model, const char *name)
{
        RemovedApp *removed;

        assert(model);

        LIST_FOREACH (removed_apps, removed, model->removed_apps)
                if (strcmp(removed->name, name) == 0)
                        return removed;
        return NULL;
}

void removed_app_free(Model *model, RemovedApp *removed)
{
        assert(model);
        assert(removed);

        LIST_REMOVE(removed_apps, model->removed_apps, removed);
        free(removed->name);
        free(removed);
}

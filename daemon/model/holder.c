/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/holder.h"

#include "base/text.h"
#include "daemon/model/app.h"

Instance *holder_find(const Model *model, uint64_t cgroup_id)
{
        const Deployment *deployment;
        Instance *instance;

        assert(model);

        if (cgroup_id == 0)
                return NULL;
        LIST_FOREACH (deployments, deployment, model->deployments)
                LIST_FOREACH (instances, instance, deployment->instances)
                        if (instance->control_group_id == cgroup_id)
                                return instance;
        return NULL;
}

char *holder_describe(const Model *model, uid_t uid, uint64_t cgroup_id)
{
        const Instance *instance = holder_find(model, cgroup_id);

        if (!instance)
                return text_format("another process (uid %u)", (unsigned) uid);
        return text_format("%s (%s.%u)", instance->deployment->app->name, instance->process,
                           instance->number);
}

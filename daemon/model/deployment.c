/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/deployment.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "daemon/model/app.h"
#include "daemon/model/unit-name.h"

/* Digits of the commit in an image tag. */
#define IMAGE_TAG_DIGITS 12

Deployment *deployment_new(App *app, uint64_t id)
{
        _cleanup_(deployment_freep) Deployment *deployment = calloc(1, sizeof(Deployment));

        assert(app);

        if (!deployment)
                return NULL;
        deployment->app = app;
        deployment->id = id;
        deployment->status = DEPLOYMENT_QUEUED;
        deployment->progress = -1;
        deployment->requested_revision = strdup("");
        deployment->revision = strdup("");
        deployment->image_tag = strdup("");
        deployment->error_summary = strdup("");
        deployment->logs_path = strdup("");
        deployment->status_text = strdup("");
        if (!deployment->requested_revision || !deployment->revision || !deployment->image_tag ||
            !deployment->error_summary || !deployment->logs_path || !deployment->status_text)
                return NULL;
        return TAKE_PTR(deployment);
}

Deployment *deployment_free(Deployment *deployment)
{
        if (!deployment)
                return NULL;
        assert(!deployment->step);
        while (deployment->instances)
                instance_free(deployment->instances);
        release_free(deployment->release);
        free(deployment->requested_revision);
        free(deployment->revision);
        free(deployment->image_tag);
        free(deployment->error_summary);
        free(deployment->logs_path);
        free(deployment->status_text);
        free(deployment->fetch_unit);
        free(deployment);
        return NULL;
}

char *deployment_make_image_tag(const Deployment *deployment)
{
        assert(deployment);
        return text_format("%s:%.*s-%" PRIu64, deployment->app->name, IMAGE_TAG_DIGITS, deployment->revision,
                           deployment->id);
}

const Release *deployment_release(const Deployment *deployment)
{
        const Deployment *builder = deployment;

        assert(deployment);

        if (deployment->release_id != deployment->id && deployment->model)
                builder = model_deployment(deployment->model, deployment->release_id);
        return builder ? builder->release : NULL;
}

/* The order of Deployment.Units: web first, then by process and number. */
static int compare_instances(const Instance *a, const Instance *b)
{
        bool a_is_web = strcmp(a->process, "web") == 0, b_is_web = strcmp(b->process, "web") == 0;
        int order;

        if (a_is_web != b_is_web)
                return a_is_web ? -1 : 1;
        order = strcmp(a->process, b->process);
        if (order != 0)
                return order;
        return a->number < b->number ? -1 : a->number > b->number;
}

Instance *instance_new(Deployment *deployment, const char *process, unsigned number, uint16_t port)
{
        Instance *instance, *after = NULL, *other;

        assert(deployment);
        assert(process);
        assert(number > 0);

        instance = calloc(1, sizeof(Instance));
        if (!instance)
                return NULL;
        instance->deployment = deployment;
        instance->number = number;
        instance->port = port;
        instance->process = strdup(process);
        instance->unit = unit_name_make(UNIT_APP, deployment->app->name, deployment->id, process, number);
        if (!instance->process || !instance->unit) {
                free(instance->process);
                free(instance->unit);
                free(instance);
                return NULL;
        }

        if (number == 1 && strcmp(process, "web") == 0)
                deployment->assigned_port = port;

        LIST_FOREACH (instances, other, deployment->instances) {
                if (compare_instances(instance, other) < 0)
                        break;
                after = other;
        }
        if (after)
                LIST_INSERT_AFTER(instances, after, instance);
        else
                LIST_PREPEND(instances, deployment->instances, instance);
        if (port != 0 && deployment->model)
                deployment->model->n_ports_assigned++;
        return instance;
}

Instance *instance_free(Instance *instance)
{
        if (!instance)
                return NULL;
        assert(!instance->keeper);
        LIST_REMOVE(instances, instance->deployment->instances, instance);
        if (instance->port != 0 && instance->deployment->model)
                instance->deployment->model->n_ports_assigned--;
        free(instance->process);
        free(instance->unit);
        free(instance);
        return NULL;
}

char *instance_dyno(const Instance *instance)
{
        assert(instance);
        return text_format("%s.%u", instance->process, instance->number);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/deployment.h"

#include <inttypes.h>
#include <string.h>

#include "base/names.h"
#include "base/text.h"
#include "daemon/model/unit-name.h"

/* Digits of the commit in an image tag. */
#define IMAGE_TAG_DIGITS 12

static const char *const deployment_kind_table[DEPLOYMENT_KIND_MAX] = {
        [DEPLOYMENT_DEPLOY] = "deploy",
        [DEPLOYMENT_REBUILD] = "rebuild",
        [DEPLOYMENT_ROLLBACK] = "rollback",
        [DEPLOYMENT_REDEPLOY] = "redeploy",
};

DEFINE_STRING_TABLE(deployment_kind, DeploymentKind);

Deployment *deployment_new(App *app, uint64_t id)
{
        _cleanup_(deployment_freep) Deployment *deployment = calloc(1, sizeof(Deployment));

        assert(app);

        if (!deployment)
                return NULL;
        deployment->app = app;
        deployment->id = id;
        deployment->kind = DEPLOYMENT_DEPLOY;
        deployment->status = DEPLOYMENT_QUEUED;
        deployment->progress = -1;
        deployment->requested_revision = strdup("");
        deployment->revision = strdup("");
        deployment->image_tag = strdup("");
        deployment->error_summary = strdup("");
        deployment->error_quote = strdup("");
        deployment->logs_path = strdup("");
        deployment->status_text = strdup("");
        deployment->status_quote = strdup("");
        deployment->warnings = strdup("");
        deployment->warnings_quoted = strdup("");
        if (!deployment->requested_revision || !deployment->revision || !deployment->image_tag ||
            !deployment->error_summary || !deployment->logs_path || !deployment->status_text ||
            !deployment->error_quote || !deployment->status_quote || !deployment->warnings ||
            !deployment->warnings_quoted)
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
        free(deployment->error_quote);
        free(deployment->logs_path);
        free(deployment->status_text);
        free(deployment->status_quote);
        free(deployment->warnings);
        free(deployment->warnings_quoted);
        free(deployment->fetch_unit);
        app_settings_clear(&deployment->settings);
        free(deployment);
        return NULL;
}

/* The texts are there from its begin on. */
static bool deployment_has_begun(const Deployment *deployment)
{
        return deployment->settings.readiness;
}

static EnvironmentVersion *deployment_environment(const Deployment *deployment)
{
        EnvironmentVersion *brought;

        if (deployment_has_begun(deployment))
                return deployment->environment;
        brought = environment_version_of(deployment->app, deployment->id);
        return brought ? brought : deployment->app->environment;
}

int deployment_begin(Deployment *deployment)
{
        assert(deployment);

        deployment->environment = deployment_environment(deployment);
        return app_settings_copy(&deployment->settings, &deployment->app->settings);
}

int deployment_adopt(Deployment *deployment)
{
        assert(deployment);

        deployment->environment = deployment->app->environment;
        return app_settings_copy(&deployment->settings, &deployment->app->settings);
}

const AppSettings *deployment_settings(const Deployment *deployment)
{
        assert(deployment);
        return deployment_has_begun(deployment) ? &deployment->settings : &deployment->app->settings;
}

const Variables *deployment_variables(const Deployment *deployment)
{
        static const Variables none = {};
        const EnvironmentVersion *version;

        assert(deployment);

        version = deployment_environment(deployment);
        return version ? &version->variables : &none;
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

Instance *deployment_instance(const Deployment *deployment, const char *unit)
{
        Instance *instance;

        assert(deployment);
        assert(unit);

        LIST_FOREACH (instances, instance, deployment->instances)
                if (strcmp(instance->unit, unit) == 0)
                        return instance;
        return NULL;
}

/* The order of Deployment.Units: web first, then by process and number. */
static int deployment_compare_instances(const Instance *a, const Instance *b)
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
                if (deployment_compare_instances(instance, other) < 0)
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

const char *instance_address(_unused_ const Instance *instance)
{
        return ADDRESS_LOOPBACK;
}

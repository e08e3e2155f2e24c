/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/app.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/names.h"
#include "base/text.h"
#include "daemon/model/deployment.h"
#include "daemon/model/repository.h"
#include "daemon/model/setting-value.h"
#include "daemon/model/unit-name.h"

static const char *const app_status_table[APP_STATUS_MAX] = {
        [APP_NEW] = "new",           [APP_DEPLOYING] = "deploying", [APP_RUNNING] = "running",
        [APP_DEGRADED] = "degraded", [APP_STOPPED] = "stopped",     [APP_FAILED] = "failed",
};

DEFINE_STRING_TABLE(app_status, AppStatus);

App *app_new(const char *name, Repository *repository)
{
        _cleanup_(app_freep) App *app = calloc(1, sizeof(App));

        assert(name);
        assert(repository);

        if (!app)
                return NULL;
        app->repository = repository;
        app->status = APP_NEW;
        app->name = strdup(name);
        if (!app->name || app_settings_init(&app->settings) < 0)
                return NULL;
        return TAKE_PTR(app);
}

App *app_free(App *app)
{
        if (!app)
                return NULL;
        free(app->name);
        app_settings_clear(&app->settings);
        app->environment = NULL;
        while (app->versions)
                environment_version_free(app, app->versions);
        free(app);
        return NULL;
}

int app_settings_init(AppSettings *settings)
{
        int r;

        assert(settings);

        *settings = (AppSettings){};
        r = settings_init(&app_settings, settings);
        if (r < 0)
                app_settings_clear(settings);
        return r;
}

int app_settings_copy(AppSettings *target, const AppSettings *source)
{
        _cleanup_(app_settings_clear) AppSettings copy = {};
        int r;

        assert(target);
        assert(source);

        r = settings_copy(&app_settings, &copy, source);
        if (r < 0)
                return r;
        app_settings_clear(target);
        *target = copy;
        copy = (AppSettings){};
        return 0;
}

void app_settings_clear(AppSettings *settings)
{
        assert(settings);
        settings_clear(&app_settings, settings);
}

int app_formation(const App *app, const Release *release, Formation *ret)
{
        assert(app);
        assert(ret);

        if (!release && app->live)
                release = deployment_release(app->live);
        if (app->settings.formation.n > 0)
                return formation_copy(ret, &app->settings.formation);
        if (release && release->formation.n > 0) {
                int r = formation_copy(ret, &release->formation);

                /* It says how many of what it names; that there is one web goes without saying. */
                if (r < 0 || formation_has(ret, "web") || !release_has_process(release, "web"))
                        return r;
        }
        return formation_set(ret, "web", 1);
}

bool app_settings_build(const AppSettings *settings)
{
        assert(settings);
        return strcmp(settings->buildpack, BUILDPACK_NONE) != 0 || settings->build_command[0] != '\0';
}

const Variables *app_variables(const App *app)
{
        static const Variables none = {};

        assert(app);
        return app->environment ? &app->environment->variables : &none;
}

/* Adds the names of `changed` that have another value in `other`, or none there. */
static int add_differing(Variables *names, const Variables *changed, const Variables *other)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < changed->n; i++) {
                const char *value = variables_get(other, changed->items[i].name);

                if (!value || strcmp(value, changed->items[i].value) != 0)
                        r = variables_set(names, changed->items[i].name, "");
        }
        return r;
}

int app_staged_variables(const App *app, Variables *ret)
{
        int r;

        assert(app);
        assert(ret);

        if (!app->live || app->live->environment == app->environment)
                return 0;
        r = add_differing(ret, app_variables(app), deployment_variables(app->live));
        return r < 0 ? r : add_differing(ret, deployment_variables(app->live), app_variables(app));
}

/* An instance that runs or is to run: nobody has stopped it, and deployd has not given it up. */
static bool instance_is_kept(const Instance *instance)
{
        return !instance->leaving && !instance->by_hand && !instance->given_up;
}

bool app_is_stopped(const App *app)
{
        const Instance *instance;

        assert(app);

        if (!app->live || app->stopped)
                return app->stopped;
        if (!app->live->instances)
                return false;
        LIST_FOREACH (instances, instance, app->live->instances)
                if (!instance->leaving && !instance->by_hand)
                        return false;
        return true;
}

static bool deployment_expects_requests(const Deployment *deployment)
{
        const Instance *instance;

        LIST_FOREACH (instances, instance, deployment->instances)
                if (instance->port != 0 && instance_is_kept(instance) && !instance->pausing)
                        return true;
        return false;
}

bool app_expects_requests(const App *app)
{
        const Deployment *deployment;

        assert(app);

        if (app->live)
                return !app->stopped && deployment_expects_requests(app->live);
        deployment = app_running_deployment(app);
        return deployment && deployment->status == DEPLOYMENT_SWITCHING &&
               deployment_expects_requests(deployment);
}

bool app_is_busy(const App *app)
{
        const Instance *instance;

        assert(app);

        if (app_running_deployment(app) || app_next_queued(app))
                return true;
        if (!app->live || app->stopped)
                return false;
        LIST_FOREACH (instances, instance, app->live->instances)
                if (instance_is_kept(instance))
                        return true;
        return false;
}

Deployment *app_running_deployment(const App *app)
{
        Deployment *deployment;

        assert(app);

        LIST_FOREACH (app_deployments, deployment, app->deployments)
                if (deployment_status_is_running(deployment->status))
                        return deployment;
        return NULL;
}

Deployment *app_next_queued(const App *app)
{
        Deployment *deployment, *oldest = NULL;

        assert(app);

        LIST_FOREACH (app_deployments, deployment, app->deployments)
                if (deployment->status == DEPLOYMENT_QUEUED)
                        oldest = deployment;
        return oldest;
}

char *app_data_path(uint64_t id)
{
        return text_format(PATH_APP_DATA "/%" PRIu64, id);
}

char *app_slice(const App *app)
{
        assert(app);
        return slice_name_make(app->name);
}

char *app_url(const App *app)
{
        char host[HOST_NAME_MAX + 1] = ADDRESS_LOOPBACK;

        assert(app && app->model);

        if (!text_is_empty(app->model->base_url))
                return text_format("%s:%u", app->model->base_url, app->port);
        if (strcmp(app->settings.access_mode, "private") != 0 && gethostname(host, sizeof(host)) < 0)
                return NULL;
        host[sizeof(host) - 1] = '\0';
        return text_format("http://%s:%u", host, app->port);
}

unsigned app_count_draining(const App *app)
{
        const Deployment *deployment;
        const Instance *instance;
        unsigned n = 0;

        assert(app);

        LIST_FOREACH (app_deployments, deployment, app->deployments)
                LIST_FOREACH (instances, instance, deployment->instances)
                        n += deployment->status == DEPLOYMENT_SUPERSEDED || instance->leaving ||
                             instance->restart == RESTART_DRAINS;
        return n;
}

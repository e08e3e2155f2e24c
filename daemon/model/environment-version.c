/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/environment-version.h"

#include "daemon/model/app.h"
#include "daemon/model/deployment.h"

EnvironmentVersion *environment_version_new(App *app, uint64_t id, uint64_t base, uint64_t deployment,
                                            const Variables *variables)
{
        EnvironmentVersion *version = calloc(1, sizeof(EnvironmentVersion));

        assert(app);
        assert(id != 0);

        if (!version)
                return NULL;
        version->id = id;
        version->base = base;
        version->deployment = deployment;
        if (variables && variables_copy(&version->variables, variables) < 0) {
                free(version);
                return NULL;
        }
        LIST_PREPEND(versions, app->versions, version);
        return version;
}

void environment_version_free(App *app, EnvironmentVersion *version)
{
        EnvironmentVersion *other;
        Deployment *deployment;

        assert(app);
        assert(version);
        assert(version != app->environment);

        LIST_REMOVE(versions, app->versions, version);
        LIST_FOREACH (versions, other, app->versions)
                if (other->base == version->id)
                        other->base = 0;
        LIST_FOREACH (app_deployments, deployment, app->deployments)
                if (deployment->environment == version)
                        deployment->environment = NULL;
        variables_clear(&version->variables);
        free(version);
}

EnvironmentVersion *environment_version_find(const App *app, uint64_t id)
{
        EnvironmentVersion *version;

        assert(app);

        LIST_FOREACH (versions, version, app->versions)
                if (version->id == id)
                        return version;
        return NULL;
}

EnvironmentVersion *environment_version_of(const App *app, uint64_t deployment)
{
        EnvironmentVersion *version;

        assert(app);

        LIST_FOREACH (versions, version, app->versions)
                if (deployment != 0 && version->deployment == deployment)
                        return version;
        return NULL;
}

bool environment_version_may_go_back(const Deployment *deployment, const EnvironmentVersion **ret_from,
                                     EnvironmentVersion **ret_to)
{
        const App *app = deployment->app;
        const EnvironmentVersion *brought = environment_version_of(app, deployment->id);

        assert(ret_from);
        assert(ret_to);

        /* While nothing is live there is nothing to go back to: the next deployment uses the values. */
        if (!brought || !app->live || app->live == deployment)
                return false;
        *ret_from = brought;
        *ret_to = environment_version_find(app, brought->base);
        return true;
}

static bool environment_version_is_used(const App *app, const EnvironmentVersion *version)
{
        const EnvironmentVersion *other;
        const Deployment *deployment;

        if (app->environment == version)
                return true;
        LIST_FOREACH (app_deployments, deployment, app->deployments) {
                bool waits_or_runs = deployment_status_is_unfinished(deployment->status);

                if (deployment->environment == version &&
                    (waits_or_runs || deployment->status == DEPLOYMENT_LIVE || deployment->instances))
                        return true;
                if (!waits_or_runs)
                        continue;
                if (version->deployment == deployment->id)
                        return true;
                other = environment_version_of(app, deployment->id);
                if (other && other->base == version->id)
                        return true;
        }
        return false;
}

EnvironmentVersion *environment_version_unused(const App *app)
{
        EnvironmentVersion *version;

        assert(app);

        LIST_FOREACH (versions, version, app->versions)
                if (!environment_version_is_used(app, version))
                        return version;
        return NULL;
}

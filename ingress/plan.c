/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ingress/plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "daemon/model/deployment.h"

/* FNV-1a, 64 bits: draft-eastlake-fnv. It tells texts of ours apart and protects from nobody. */
#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

char *plan_generation(const char *frontends)
{
        uint64_t hash = FNV_BASIS;

        assert(frontends);

        for (; *frontends; frontends++)
                hash = (hash ^ (uint8_t) *frontends) * FNV_PRIME;
        return text_format("deployd-generation-%016" PRIx64, hash);
}

char *plan_server(const Instance *instance)
{
        assert(instance);
        return text_format("d%" PRIu64 ".%s.%u", instance->deployment->id, instance->process,
                           instance->number);
}

static void write_binds(FILE *file, const PlanParams *params, const App *app)
{
        if (strcmp(app->settings.access_mode, "private") == 0) {
                (void) fprintf(file, "    bind 127.0.0.1:%1$u\n    bind [::1]:%1$u\n", app->port);
                return;
        }
        (void) fprintf(file, "    bind :::%u v4v6\n", app->port);
        if (strcmp(app->settings.access_mode, "internal") != 0)
                return;
        (void) fprintf(file, "    tcp-request connection reject if !{ src 127.0.0.0/8 ::1");
        for (char *const *network = params->config->internal_networks; *network; network++)
                (void) fprintf(file, " %s", *network);
        (void) fprintf(file, " }\n");
}

static void write_frontend(FILE *file, const PlanParams *params, const App *app)
{
        (void) fprintf(file, "frontend app-%s\n", app->name);
        write_binds(file, params, app);
        if (params->config->access_log)
                (void) fprintf(file, "    option httplog\n    log-tag deployd/%s\n", app->name);
        else
                (void) fprintf(file, "    no log\n");
        (void) fprintf(file,
                       "    http-request disable-l7-retry unless METH_GET or METH_HEAD or METH_OPTIONS\n"
                       "    http-request del-header Forwarded\n"
                       "    http-request del-header Proxy\n"
                       "    http-request del-header X-Forwarded- -m beg\n"
                       "    http-request set-header X-Forwarded-For %%[src]\n"
                       "    http-request set-header X-Forwarded-Proto http\n"
                       "    http-request set-header X-Forwarded-Port %%[dst_port]\n"
                       "    default_backend app-%s\n",
                       app->name);
}

char *plan_frontends(const PlanParams *params)
{
        char *text = NULL;
        size_t size;
        const App *app;
        FILE *file;

        assert(params);

        file = open_memstream(&text, &size);
        if (!file)
                return NULL;
        LIST_FOREACH (apps, app, params->model->apps)
                write_frontend(file, params, app);
        if (fclose(file) == 0)
                return text;
        free(text);
        return NULL;
}

static void write_backend(FILE *file, const App *app)
{
        const Deployment *deployment;
        const Instance *instance;

        (void) fprintf(file, "backend app-%s\n", app->name);
        LIST_FOREACH (app_deployments, deployment, app->deployments)
                LIST_FOREACH (instances, instance, deployment->instances)
                        if (instance->port != 0 && instance->route == ROUTE_READY)
                                (void) fprintf(file, "    server d%" PRIu64 ".%s.%u 127.0.0.1:%u\n",
                                               deployment->id, instance->process, instance->number,
                                               instance->port);
}

char *plan_file(const PlanParams *params, const char *frontends)
{
        _cleanup_free_ char *generation = NULL;
        char *text = NULL;
        size_t size;
        const App *app;
        FILE *file;

        assert(params);
        assert(frontends);

        generation = plan_generation(frontends);
        if (!generation)
                return NULL;
        file = open_memstream(&text, &size);
        if (!file)
                return NULL;
        (void) fprintf(file, "# Written by deployd whenever something changes. Do not edit.\n%sbackend %s\n",
                       frontends, generation);
        LIST_FOREACH (apps, app, params->model->apps)
                write_backend(file, app);
        if (fclose(file) == 0)
                return text;
        free(text);
        return NULL;
}

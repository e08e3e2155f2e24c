/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ingress/servers.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>

#include "base/text.h"
#include "daemon/model/app.h"
#include "ingress/plan.h"

/* What base.cfg says of servers in the file, which those that are added do not inherit: without it their
 * connections are not kept (haproxy 2.6, srv_settings_init() is not called for them). */
#define SERVER_OPTIONS "pool-max-conn -1 pool-purge-delay 1s"

/* Columns of `show servers state`, version 1: management.txt of haproxy 2.6, 9.3. */
enum {
        COLUMN_BACKEND = 1,
        COLUMN_SERVER = 3,
        COLUMN_ADMIN_STATE = 6,
        COLUMNS_MIN = 19,
};

/* Bits of the admin state: SRV_ADMF_FMAINT and SRV_ADMF_FDRAIN, as set by the commands below. */
#define ADMIN_MAINTENANCE 0x01
#define ADMIN_DRAINING    0x08

static App *find_app(const Model *model, const char *backend)
{
        return strncmp(backend, PLAN_PREFIX, strlen(PLAN_PREFIX)) == 0
                       ? model_app(model, backend + strlen(PLAN_PREFIX))
                       : NULL;
}

static Instance *servers_find_instance(const App *app, const char *server)
{
        const Deployment *deployment;
        Instance *instance;

        LIST_FOREACH (app_deployments, deployment, app->deployments)
                LIST_FOREACH (instances, instance, deployment->instances) {
                        _cleanup_free_ char *name = instance->port ? plan_server(instance) : NULL;

                        if (name && strcmp(name, server) == 0)
                                return instance;
                }
        return NULL;
}

void servers_forget(const Model *model)
{
        const Deployment *deployment;
        Instance *instance;
        App *app;

        assert(model);

        LIST_FOREACH (apps, app, model->apps)
                app->held = app_expects_requests(app);
        LIST_FOREACH (deployments, deployment, model->deployments)
                LIST_FOREACH (instances, instance, deployment->instances)
                        instance->routed = ROUTE_NONE;
}

static int read_server(Model *model, char *line, FILE *strays)
{
        char *columns[COLUMNS_MIN] = {}, *rest = line, *word;
        Instance *instance;
        uint64_t admin;
        size_t n = 0;
        App *app;

        while ((word = strsep(&rest, " ")))
                if (n < ELEMENTSOF(columns))
                        columns[n++] = word;
        if (n < COLUMNS_MIN || text_to_u64(columns[COLUMN_ADMIN_STATE], UINT32_MAX, &admin) < 0)
                return -EBADMSG;
        app = find_app(model, columns[COLUMN_BACKEND]);
        instance = app ? servers_find_instance(app, columns[COLUMN_SERVER]) : NULL;
        if (app && strcmp(columns[COLUMN_SERVER], PLAN_HOLD) == 0)
                app->held = !(admin & ADMIN_MAINTENANCE);
        else if (instance)
                /* In maintenance it still exists: nearest to that is draining, from where it is removed or
                 * let in again. */
                instance->routed =
                        admin & (ADMIN_DRAINING | ADMIN_MAINTENANCE) ? ROUTE_DRAINING : ROUTE_READY;
        else if (strncmp(columns[COLUMN_BACKEND], PLAN_PREFIX, strlen(PLAN_PREFIX)) == 0)
                (void) fprintf(
                        strays,
                        "set server %1$s/%2$s state maint;shutdown sessions server %1$s/%2$s;del server %1$s/%2$s;",
                        columns[COLUMN_BACKEND], columns[COLUMN_SERVER]);
        return 0;
}

int servers_read(Model *model, const char *answer, FILE *strays)
{
        _cleanup_free_ char *copy = strdup(answer);
        char *rest = copy, *line;

        assert(model);
        assert(strays);

        if (!copy)
                return -ENOMEM;
        line = strsep(&rest, "\n");
        if (!line || strcmp(line, "1") != 0)
                return -EBADMSG;
        servers_forget(model);
        while ((line = strsep(&rest, "\n"))) {
                int r;

                if (line[0] == '\0' || line[0] == '#')
                        continue;
                r = read_server(model, line, strays);
                if (r < 0)
                        return r;
        }
        return 0;
}

bool servers_has_backend(const char *answer, const char *name)
{
        size_t length = strlen(name);

        for (const char *line = answer; line; line = strchr(line, '\n')) {
                line += line[0] == '\n';
                if (strncmp(line, name, length) == 0 && (line[length] == '\n' || line[length] == '\0'))
                        return true;
        }
        return false;
}

/* Whether every instance of the app that is to take requests does: only then may others be disabled. */
static bool is_open(const App *app)
{
        const Deployment *deployment;
        const Instance *instance;

        LIST_FOREACH (app_deployments, deployment, app->deployments)
                LIST_FOREACH (instances, instance, deployment->instances)
                        if (instance->port != 0 && instance->route == ROUTE_READY &&
                            instance->routed != ROUTE_READY)
                                return false;
        return true;
}

static void write_command(FILE *commands, const char *verb, const Instance *instance, const char *arguments)
{
        (void) fprintf(commands, "%s " PLAN_PREFIX "%s/" PLAN_SERVER_FORMAT "%s;", verb,
                       instance->deployment->app->name, PLAN_SERVER_OF(instance), arguments);
}

void servers_write_shut(const Instance *instance, FILE *commands)
{
        write_command(commands, "set server", instance, " state maint");
}

unsigned servers_write_opening(const Model *model, FILE *commands)
{
        const Deployment *deployment;
        const Instance *instance;
        unsigned n = 0;
        const App *app;

        LIST_FOREACH (apps, app, model->apps)
                if (app->held != app_expects_requests(app)) {
                        n++;
                        (void) fprintf(commands, "set server " PLAN_PREFIX "%s/" PLAN_HOLD " state %s;",
                                       app->name, app->held ? "maint" : "ready");
                }
        LIST_FOREACH (deployments, deployment, model->deployments)
                LIST_FOREACH (instances, instance, deployment->instances) {
                        char address[INET_ADDRSTRLEN + sizeof(" :65535 " SERVER_OPTIONS)];

                        if (instance->port == 0 || instance->route != ROUTE_READY ||
                            instance->routed == ROUTE_READY)
                                continue;
                        n++;
                        if (instance->routed == ROUTE_DRAINING) {
                                write_command(commands, "set server", instance, " state ready");
                                continue;
                        }
                        (void) snprintf(address, sizeof(address), " %s:%u " SERVER_OPTIONS,
                                        instance_address(instance), instance->port);
                        write_command(commands, "add server", instance, address);
                        write_command(commands, "enable server", instance, "");
                }
        return n;
}

unsigned servers_write_closing(const Model *model, uint64_t now, FILE *commands)
{
        const Deployment *deployment;
        const Instance *instance;
        unsigned n = 0;

        LIST_FOREACH (deployments, deployment, model->deployments)
                LIST_FOREACH (instances, instance, deployment->instances) {
                        if (instance->routed <= instance->route || instance->route == ROUTE_READY ||
                            !is_open(deployment->app))
                                continue;
                        n++;
                        if (instance->route == ROUTE_DRAINING) {
                                write_command(commands, "set server", instance, " state drain");
                                continue;
                        }
                        servers_write_shut(instance, commands);
                        if (instance->drain_deadline <= now)
                                write_command(commands, "shutdown sessions server", instance, "");
                        write_command(commands, "del server", instance, "");
                }
        return n;
}

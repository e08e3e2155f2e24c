/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ingress/plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "daemon/model/deployment.h"

/* Over connections-max, for those that are being closed, and for the sockets of deployd. */
#define CONNECTIONS_RESERVE 256

char *plan_generation(const char *frontends)
{
        assert(frontends);
        return text_format("deployd-generation-%016" PRIx64, hash_text(frontends));
}

char *plan_server(const Instance *instance)
{
        assert(instance);
        return text_format(PLAN_SERVER_FORMAT, PLAN_SERVER_OF(instance));
}

/* One line each, for haproxy takes 64 words of a line: lines of one name are one list. */
static void write_networks(FILE *file, const char *name, char *const *networks)
{
        for (; *networks; networks++)
                (void) fprintf(file, "    acl %s src %s\n", name, *networks);
}

/* Two sockets instead of one for both families: there, 192.0.2.1 would be ::ffff:192.0.2.1. That one at ::1
 * is of IPv6 only need not be said, but haproxy does not find it again in what it is handed over otherwise,
 * binds another one, and resets the connections that wait on the first. */
static void write_binds(FILE *file, const PlanParams *params, const App *app)
{
        bool here = strcmp(app->settings.access_mode, "private") == 0;

        (void) fprintf(file, "    bind %s:%u\n", here ? ADDRESS_LOOPBACK : "*", app->port);
        (void) fprintf(file, here ? "    bind [::1]:%u v6only\n" : "    bind :::%u v6only\n", app->port);
        if (strcmp(app->settings.access_mode, "internal") != 0)
                return;
        (void) fprintf(file, "    acl deployd-internal src 127.0.0.0/8 ::1\n");
        write_networks(file, "deployd-internal", params->config->internal_networks);
        (void) fprintf(file, "    tcp-request connection reject if !deployd-internal\n");
}

/* A share of its own for each app, and together no more than leaves room for the sockets of deployd. */
static void write_limits(FILE *file, const Config *config)
{
        (void) fprintf(file,
                       "    maxconn %" PRIu64 "\n"
                       "    tcp-request connection track-sc0 int(0) table deployd-apps\n"
                       "    tcp-request connection reject if { sc0_conn_cur(deployd-apps) gt %" PRIu64
                       " }\n",
                       MIN2(config->app_connections_max, config->connections_max), config->connections_max);
}

/* What CGI, WSGI and Rack make of a header does not tell `_` from `-`: who sends X_Forwarded_For would have
 * the last word. */
static void write_headers(FILE *file, const Config *config)
{
        bool trust = *config->trusted_proxies;

        (void) fprintf(file, "    http-request del-header Forwarded\n"
                             "    http-request del-header Proxy\n"
                             "    http-request del-header _ -m sub\n");
        if (!trust) {
                (void) fprintf(file, "    http-request del-header X-Real-IP\n"
                                     "    http-request del-header X-Forwarded- -m beg\n"
                                     "    http-request set-header X-Forwarded-For %%[src]\n"
                                     "    http-request set-header X-Forwarded-Proto http\n"
                                     "    http-request set-header X-Forwarded-Port %%[dst_port]\n");
                return;
        }
        write_networks(file, "deployd-proxy", config->trusted_proxies);
        /* Several lines of For are one list, and one more is its end. Most programs read one line only. */
        (void) fprintf(file, "    acl deployd-one-for req.fhdr_cnt(X-Forwarded-For) eq 1\n"
                             "    acl deployd-proto req.fhdr_cnt(X-Forwarded-Proto) gt 0\n"
                             "    http-request del-header X-Real-IP if !deployd-proxy\n"
                             "    http-request del-header X-Forwarded- -m beg if !deployd-proxy\n"
                             "    http-request set-header X-Forwarded-For \"%%[req.fhdr(X-Forwarded-For)], "
                             "%%[src]\" if deployd-one-for\n"
                             "    http-request add-header X-Forwarded-For %%[src] if !deployd-one-for\n"
                             "    http-request set-header X-Forwarded-Port %%[dst_port] if !deployd-proto\n"
                             "    http-request set-header X-Forwarded-Proto http if !deployd-proto\n");
}

static void write_frontend(FILE *file, const PlanParams *params, const App *app)
{
        (void) fprintf(file, "frontend " PLAN_PREFIX "%s\n", app->name);
        write_binds(file, params, app);
        write_limits(file, params->config);
        if (params->config->access_log)
                (void) fprintf(file, "    option httplog\n    log-tag deployd/%s\n", app->name);
        else
                (void) fprintf(file, "    no log\n");
        write_headers(file, params->config);
        (void) fprintf(file,
                       "    http-request wait-for-body time %" PRIu64 "ms\n"
                       "    default_backend " PLAN_PREFIX "%s\n",
                       params->config->body_timeout / USEC_PER_MSEC, app->name);
}

static void write_global(FILE *file, const Config *config)
{
        (void) fprintf(file,
                       "global\n"
                       "    maxconn %" PRIu64 "\n"
                       "    hard-stop-after %" PRIu64 "ms\n"
                       "    mworker-max-reloads %" PRIu64 "\n",
                       config->connections_max + CONNECTIONS_RESERVE, config->reload_keep / USEC_PER_MSEC,
                       config->reload_keep_max);
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
        write_global(file, params->config);
        LIST_FOREACH (apps, app, params->model->apps)
                if (app->served == SERVED_YES)
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

        (void) fprintf(
                file, "backend " PLAN_PREFIX "%s\n    server " PLAN_HOLD " " PLAN_HOLD_ADDRESS " backup%s\n",
                app->name, app_expects_requests(app) ? "" : " disabled");
        LIST_FOREACH (app_deployments, deployment, app->deployments)
                LIST_FOREACH (instances, instance, deployment->instances)
                        if (instance->port != 0 && instance->route == ROUTE_READY)
                                (void) fprintf(file, "    server " PLAN_SERVER_FORMAT " %s:%u\n",
                                               PLAN_SERVER_OF(instance), instance_address(instance),
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
                if (app->served == SERVED_YES)
                        write_backend(file, app);
        if (fclose(file) == 0)
                return text;
        free(text);
        return NULL;
}

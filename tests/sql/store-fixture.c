/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store-fixture.h"

#include <stdio.h>

#include "base/text.h"
#include "daemon/model/unit-name.h"
#include "sql/migrate.h"

Store *store;
Pg *through;
Proxy proxy;
Model *model;

static Migrate *gate;

void store_fixture_start(void)
{
        char conninfo[200];

        fixture_start();
        proxy_start(&proxy, event, cluster.directory);
        (void) snprintf(conninfo, sizeof(conninfo), "host=%s user=postgres dbname=postgres",
                        proxy.directory);
        cr_assert(eq(int, pg_new(event, conninfo, NULL, NULL, &through), 0));
        cr_assert(eq(int, migrate_start(through, NULL, NULL, NULL, &gate), 0));
        wait_for_state(through, PG_CONNECTED);
        store = store_new(through);
        model = model_new();
        cr_assert(store && model);
}

void store_fixture_end(void)
{
        store_free(store);
        model_free(model);
        migrate_free(gate);
        pg_free(through);
        proxy_stop(&proxy);
        fixture_end();
}

static void on_reply(void *userdata, int error, const StoreReply *said)
{
        Reply *reply = userdata;

        cr_assert(not(reply->done || reply->dropped), "a callback came twice");
        cr_assert(le(sz, said->n_ports, REPLY_PORTS_MAX));
        *reply = (Reply){ .done = true,
                          .error = error,
                          .id = said->id,
                          .at = said->at,
                          .number = said->number,
                          .n_ports = said->n_ports };
        for (size_t i = 0; i < said->n_ports; i++)
                reply->ports[i] = said->ports[i];
        (void) snprintf(reply->sentence, sizeof(reply->sentence), "%s", said->sentence);
        (void) snprintf(reply->constraint, sizeof(reply->constraint), "%s", said->constraint);
        if (error == 0)
                cr_expect(text_is(said->sentence, ""), "%s", said->sentence);
}

static void on_drop(void *userdata)
{
        Reply *reply = userdata;

        cr_assert(not(reply->done || reply->dropped), "a callback came twice");
        reply->dropped = true;
}

StoreAsk asking(Reply *reply)
{
        return (StoreAsk){ .actor = ACTOR,
                           .deadline = USEC_INFINITY,
                           .done = on_reply,
                           .userdata = reply,
                           .drop = on_drop };
}

void await(const Reply *reply)
{
        while (!reply->done) {
                turn();
                /* No pause after a lost connection. */
                pg_reconnect_now(through);
        }
}

void accepted(int result)
{
        cr_assert(eq(int, result, 0));
}

Reply well(Reply reply, const char *what)
{
        cr_assert(eq(int, reply.error, 0), "%s: %s", what, reply.sentence);
        return reply;
}

const char *look(const char *sql)
{
        static Answer answer;

        answer = must(pg, sql);
        cr_assert(eq(sz, answer.n_rows, 1), "%s", sql);
        return answer.text;
}

void sees(const char *sql, const char *expected)
{
        const char *seen = look(sql);

        cr_expect(text_is(seen, expected), "%s: %s", sql, seen);
}

const char *everything(void)
{
        static char digest[40];

        (void) snprintf(
                digest, sizeof(digest), "%s",
                look("select md5(concat_ws(E'\\n\\n', "
                     "(select string_agg(t::text, E'\\n' order by t::text) from repository t), "
                     "(select string_agg(t::text, E'\\n' order by t::text) from app t), "
                     "(select string_agg(t::text, E'\\n' order by t::text) from retired_port t), "
                     "(select string_agg(t::text, E'\\n' order by t::text) from deployment t), "
                     "(select string_agg(t::text, E'\\n' order by t::text) from release t), "
                     "(select string_agg(t::text, E'\\n' order by t::text) from port_lease t), "
                     "(select string_agg(t::text, E'\\n' order by t::text) from instance t), "
                     "(select string_agg(t::text, E'\\n' order by t::text) from environment t), "
                     "(select string_agg(t::text, E'\\n' order by t::text) from environment_version t), "
                     "(select string_agg(t::text, E'\\n' order by t::text) from removed_app t), "
                     "(select string_agg(t::text, E'\\n' order by t::text) from installation t), "
                     "(select string_agg(t::text, E'\\n' order by t::text) from event t)))"));
        return digest;
}

const AppSettings default_settings = {
        .access_mode = (char[]){ "private" },
        .branch = (char[]){ "" },
        .directory = (char[]){ "" },
        .buildpack = (char[]){ "" },
        .build_command = (char[]){ "" },
        .readiness = (char[]){ "port" },
        .writable_tree = (char[]){ "no" },
        .persist = (char[]){ "" },
        .health_check_path = (char[]){ "" },
};

static FormationItem two_items[] = { { (char[]){ "web" }, 2 }, { (char[]){ "worker-2" }, 0 } };

const AppSettings all_settings = {
        .access_mode = (char[]){ "internal" },
        .branch = (char[]){ "release" },
        .directory = (char[]){ "web/sité" },
        .buildpack = (char[]){ "node" },
        .build_command = (char[]){ "make \"{a,b}\" 'c' \\d é" },
        .readiness = (char[]){ "notify" },
        .writable_tree = (char[]){ "yes" },
        .persist = (char[]){ "data,public/uploads" },
        .health_check_path = (char[]){ "/up?a='b'&c=%20" },
        .formation = { two_items, ELEMENTSOF(two_items) },
        .health_check_timeout_usec = 6,
        .check_settle_usec = 7,
        .stop_timeout_usec = 1,
        .memory_max = 2,
        .tasks_max = 3,
        .cpu_quota_usec = INT64_MAX,
        .keep_releases = 5,
};

bool formation_is(const Formation *formation, const Formation *expected)
{
        if (formation->n != expected->n)
                return false;
        for (size_t i = 0; i < formation->n; i++)
                if (!text_is(formation->items[i].process, expected->items[i].process) ||
                    formation->items[i].count != expected->items[i].count)
                        return false;
        return true;
}

Repository *known_repository(const char *name)
{
        Reply reply = done_by(store_repository_insert, name, URL, "main", AS);
        Repository *repository = repository_new(name);

        repository->id = reply.id;
        repository->created_at = reply.at;
        cr_assert(eq(int, text_replace(&repository->git_url, URL), 0));
        cr_assert(eq(int, text_replace(&repository->default_branch, "main"), 0));
        cr_assert(eq(int, model_add_repository(model, repository), 0));
        return repository;
}

App *known_app(const char *name, Repository *repository)
{
        App *app = app_new(name, repository);
        Reply reply =
                done_by(store_app_insert, name, repository, &app->settings, STABLE_LOW, STABLE_HIGH, 0, AS);

        app->id = reply.id;
        app->created_at = reply.at;
        app->port = (uint16_t) reply.number;
        cr_assert(eq(int, model_add_app(model, app), 0));
        return app;
}

Deployment *known_deployment(App *app, const char *revision)
{
        Reply reply = done_by(store_deployment_insert, app, revision, NULL, DEPLOYMENT_DEPLOY, 100, AS);
        Deployment *deployment = deployment_new(app, reply.id);

        deployment->created_at = reply.at;
        deployment->requested_by = ACTOR;
        cr_assert(eq(int, text_replace(&deployment->requested_revision, revision), 0));
        cr_assert(eq(int, model_add_deployment(model, deployment), 0));
        return deployment;
}

static Deployment *add_again(App *app, DeploymentKind kind, uint64_t rollback_to, const Reply *reply)
{
        const Deployment *shown = rollback_to ? model_deployment(model, rollback_to) : app->live;
        Deployment *deployment = deployment_new(app, reply->id);

        cr_assert(deployment != NULL);
        deployment->kind = kind;
        deployment->rollback_to = rollback_to;
        deployment->created_at = reply->at;
        deployment->requested_by = ACTOR;
        if (shown)
                cr_assert(eq(int, text_replace(&deployment->requested_revision, shown->requested_revision),
                             0));
        cr_assert(eq(int, model_add_deployment(model, deployment), 0));
        return deployment;
}

Deployment *known_again(App *app, DeploymentKind kind, uint64_t rollback_to)
{
        Reply reply = done_by(store_deployment_redeploy, app, kind, rollback_to, 100, AS);

        return add_again(app, kind, rollback_to, &reply);
}

EnvironmentVersion *known_environment(App *app, const Variables *variables, StoreEnvironmentUse use)
{
        Reply reply = done_by(store_environment_set, app, variables, use, 100, AS);
        EnvironmentVersion *version = environment_version_new(
                app, reply.number, app->environment ? app->environment->id : 0, reply.id, variables);

        cr_assert(version != NULL);
        app->environment = version;
        if (reply.id != 0)
                add_again(app, DEPLOYMENT_REDEPLOY, 0, &reply);
        if (use == STORE_ENVIRONMENT_LIVE && app->live)
                app->live->environment = version;
        return version;
}

const FlowRow *row_of(DeploymentStatus from, FlowEvent happened)
{
        const FlowRow *row = flow_find(from, happened);

        cr_assert(row != NULL);
        return row;
}

static Release *make_release(void)
{
        Release *release = release_new();

        cr_assert(release != NULL);
        cr_assert(eq(int, formation_set(&release->processes, "web", 1), 0));
        cr_assert(eq(int, formation_set(&release->processes, "worker", 1), 0));
        cr_assert(eq(int, formation_set(&release->formation, "web", 1), 0));
        cr_assert(eq(int, formation_set(&release->formation, "worker", 9999), 0));
        cr_assert(eq(int, text_replace(&release->build_key, BUILD_KEY), 0));
        cr_assert(eq(int, text_replace(&release->buildpack, "node"), 0));
        cr_assert(eq(int, text_replace(&release->health.path, "/up"), 0));
        release->health.attempts = 7;
        release->health.timeout_usec = 8;
        release->health.wait_usec = 9;
        return release;
}

Reply record_it(Deployment *deployment)
{
        Release *release = make_release();
        StoreRelease made = { .digest = DIGEST, .files = 3, .bytes = 4096, .release = release };
        Reply reply;

        cr_assert(eq(int, text_replace(&deployment->revision, REVISION), 0));
        free(deployment->image_tag);
        deployment->image_tag = deployment_make_image_tag(deployment);
        reply = done_by(store_deployment_set_release, deployment, deployment->id, &made, AS);
        deployment->release_id = deployment->id;
        release_free(deployment->release);
        deployment->release = release;
        return reply;
}

Reply start_it(Deployment *deployment, uint16_t low, uint16_t high, uint16_t next)
{
        _cleanup_free_ char *unit =
                unit_name_make(UNIT_APP, deployment->app->name, deployment->id, "web", 1);
        StoreInstance instance = { "web", 1, unit, true };
        StorePorts range = { low, high, next };

        return say(store_deployment_start, deployment, row_of(DEPLOYMENT_FETCHING, FLOW_DONE), 0, &instance,
                   1, &range, AS);
}

Reply start_again(Deployment *deployment, uint64_t release)
{
        _cleanup_free_ char *unit =
                unit_name_make(UNIT_APP, deployment->app->name, deployment->id, "web", 1);
        StoreInstance instance = { "web", 1, unit, true };
        StorePorts range = { PORT_LOW, PORT_HIGH, PORT_LOW };
        Reply reply = say(store_deployment_start, deployment, row_of(DEPLOYMENT_QUEUED, FLOW_REUSE), release,
                          &instance, 1, &range, AS);

        if (reply.error == 0) {
                const Deployment *builder = model_deployment(model, release);

                deployment->release_id = release;
                deployment->assigned_port = reply.ports[0];
                cr_assert(eq(int, text_replace(&deployment->revision, builder->revision), 0));
                cr_assert(instance_new(deployment, "web", 1, reply.ports[0]) != NULL);
                cr_assert(eq(int, deployment_begin(deployment), 0));
                model_set_deployment_status(model, deployment, DEPLOYMENT_STARTING);
        }
        return reply;
}

static void step_to(Deployment *deployment, DeploymentStatus status)
{
        const FlowRow *row = NULL;

        for (size_t i = 0; i < flow_table_size; i++)
                if (flow_table[i].from == deployment->status && flow_table[i].to == status)
                        row = &flow_table[i];
        cr_assert(row != NULL);
        if (status == DEPLOYMENT_STARTING) {
                Reply reply;

                if (!deployment->release)
                        record_it(deployment);
                reply = start_it(deployment, PORT_LOW, PORT_HIGH, PORT_LOW);
                cr_assert(eq(int, reply.error, 0), "%s", reply.sentence);
                cr_assert(instance_new(deployment, "web", 1, reply.ports[0]) != NULL);
        } else if (status == DEPLOYMENT_LIVE)
                done_by(store_deployment_go_live, deployment, row, row_of(DEPLOYMENT_LIVE, FLOW_REPLACED),
                        AS);
        else
                done_by(store_deployment_move, deployment, row, status == DEPLOYMENT_FAILED ? "no" : NULL,
                        APP_DEPLOYING, AS);
        if (status == DEPLOYMENT_FETCHING)
                cr_assert(eq(int, deployment_begin(deployment), 0));
        if (status == DEPLOYMENT_LIVE && deployment->app->live)
                model_set_deployment_status(model, deployment->app->live, DEPLOYMENT_SUPERSEDED);
        model_set_deployment_status(model, deployment, status);
}

void bring_to(Deployment *deployment, DeploymentStatus status)
{
        /* The shortest: nothing is built, and nothing is run before it. */
        static const DeploymentStatus way[] = { DEPLOYMENT_FETCHING, DEPLOYMENT_STARTING,
                                                DEPLOYMENT_CHECKING, DEPLOYMENT_SWITCHING, DEPLOYMENT_LIVE };

        for (size_t i = 0; i < ELEMENTSOF(way) && status <= DEPLOYMENT_LIVE; i++)
                if (way[i] <= status && way[i] > deployment->status)
                        step_to(deployment, way[i]);
        if (deployment->status != status)
                step_to(deployment, status);
}

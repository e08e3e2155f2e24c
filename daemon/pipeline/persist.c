/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/persist.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"

#define PROCESSES_MAX 64 /* of one Procfile; deployd-import allows fewer bytes than that needs */

/* A commit under way. It refers to the deployment by its id: an app may be removed meanwhile. */
typedef struct Commit {
        Pipeline *pipeline;
        uint64_t deployment;
        const FlowRow *row;
        char *sentence;
} Commit;

static Commit *commit_free(Commit *commit)
{
        if (!commit)
                return NULL;
        free(commit->sentence);
        free(commit);
        return NULL;
}
DEFINE_CLEANUP(Commit *, commit_free);

static void commit_drop(void *userdata)
{
        commit_free(userdata);
}

static void fatal(Pipeline *pipeline, const char *what, int error, const char *sentence)
{
        _cleanup_free_ char *text =
                text_format("%s: %s", what, text_is_empty(sentence) ? strerror(-error) : sentence);

        pipeline->params.fatal(pipeline->params.userdata, text ? text : what);
}

/* How the app is once its deployment has taken the row. */
static AppStatus app_status_after(const Deployment *deployment, const FlowRow *row)
{
        const App *app = deployment->app;

        if (app->live)
                return app->status;
        if (deployment_status_is_unfinished(row->to))
                return APP_DEPLOYING;
        if (row->to == DEPLOYMENT_FAILED)
                return APP_FAILED;
        return app_next_queued(app) && app_next_queued(app) != deployment ? APP_DEPLOYING : APP_NEW;
}

static void learn(Commit *commit, Deployment *deployment, const StoreReply *reply)
{
        const FlowRow *row = commit->row;
        App *app = deployment->app;

        if (row->from == DEPLOYMENT_QUEUED && deployment_status_is_running(row->to))
                deployment->started_at = reply->at;
        if (deployment_status_is_finished(row->to) && deployment->finished_at == 0)
                deployment->finished_at = reply->at;
        if (commit->sentence)
                (void) text_replace(&deployment->error_summary, commit->sentence);
        if (row->to == DEPLOYMENT_LIVE)
                app->stopped = false;
}

static void on_moved(void *userdata, int error, const StoreReply *reply)
{
        _cleanup_(commit_freep) Commit *commit = userdata;
        Pipeline *pipeline = commit->pipeline;
        Deployment *deployment = model_deployment(pipeline->model, commit->deployment);
        AppStatus status;

        if (!deployment)
                return;
        if (error < 0) {
                fatal(pipeline, "A deployment could not be recorded", error, reply->sentence);
                return;
        }
        status = app_status_after(deployment, commit->row);
        learn(commit, deployment, reply);
        if (deployment->app->status != status) {
                deployment->app->status = status;
                model_changed_app(pipeline->model, deployment->app);
        }
        attempt_moved(deployment->step, commit->row);
}

static void on_live(void *userdata, int error, const StoreReply *reply)
{
        _cleanup_(commit_freep) Commit *commit = userdata;
        Pipeline *pipeline = commit->pipeline;
        Deployment *deployment = model_deployment(pipeline->model, commit->deployment), *old;

        if (!deployment)
                return;
        if (error < 0) {
                fatal(pipeline, "A live deployment could not be recorded", error, reply->sentence);
                return;
        }
        old = deployment->app->live;
        learn(commit, deployment, reply);
        deployment->app->status = APP_RUNNING;
        if (old) {
                /* The same transaction made it superseded: nothing is left to commit. */
                attempt_free(old->step);
                model_set_deployment_status(pipeline->model, old, DEPLOYMENT_SUPERSEDED);
        }
        attempt_moved(deployment->step, commit->row);
        if (old)
                attempt_enter(pipeline, old);
}

/* The instances with the ports they got, in the order they were asked for. */
static int make_instances(Deployment *deployment, const StoreReply *reply)
{
        assert(reply->n_ports == 1);

        return instance_new(deployment, "web", 1, reply->ports[0]) ? 0 : -ENOMEM;
}

static void on_release(void *userdata, int error, const StoreReply *reply)
{
        _cleanup_(commit_freep) Commit *commit = userdata;
        Pipeline *pipeline = commit->pipeline;
        Deployment *deployment = model_deployment(pipeline->model, commit->deployment);
        Attempt *attempt;

        if (!deployment)
                return;
        attempt = deployment->step;
        if (error == -ESTALE && reply->number == 1) {
                const PortRange *range = &pipeline_config(pipeline)->port_range;

                attempt->moving = NULL;
                attempt_fail(pipeline, deployment, "no free port in %u-%u", range->low, range->high);
                return;
        }
        if (error < 0) {
                fatal(pipeline, "A release could not be recorded", error, reply->sentence);
                return;
        }
        if (deployment->release_id == 0)
                deployment->release_id = deployment->id;
        if (deployment->started_at == 0)
                deployment->started_at = reply->at;
        if (make_instances(deployment, reply) < 0) {
                fatal(pipeline, "Out of memory", -ENOMEM, NULL);
                return;
        }
        pipeline->next_port = (uint16_t) (deployment->assigned_port + 1);
        attempt_moved(attempt, commit->row);
}

/* Collects the process names of an import's answer. */
typedef struct Names {
        const char *names[PROCESSES_MAX + 1];
        size_t n;
} Names;

static int add_name(const char *key, _unused_ const char *value, void *userdata)
{
        Names *names = userdata;

        if (names->n == PROCESSES_MAX)
                return -E2BIG;
        names->names[names->n++] = key + strlen("process.");
        return 0;
}

/* What the import found. */
static int read_release(const Ticket *tree, StoreRelease *release, Names *names)
{
        int r;

        release->digest = ticket_get(tree, "digest");
        r = ticket_get_u64(tree, "files", INT64_MAX, &release->files);
        if (r >= 0)
                r = ticket_get_u64(tree, "bytes", INT64_MAX, &release->bytes);
        if (r >= 0)
                r = ticket_foreach(tree, "process.", add_name, names);
        release->processes = names->names;
        return r;
}

static int store_start(Attempt *attempt, const FlowRow *row, const StoreAsk *ask)
{
        Deployment *deployment = attempt->deployment;
        _cleanup_free_ char *unit = NULL;
        Pipeline *pipeline = attempt->pipeline;
        const PortRange *range = &pipeline_config(pipeline)->port_range;
        StoreRelease release = { .revision = deployment->revision, .image_tag = deployment->image_tag };
        StoreInstance instance = { .process = "web", .number = 1, .port = true };
        Names names = {};
        int r;

        if (deployment->release_id == 0) {
                r = read_release(attempt->tree, &release, &names);
                if (r < 0)
                        return r;
        }
        unit = unit_name_make(UNIT_APP, deployment->app->name, deployment->id, instance.process,
                              instance.number);
        if (!unit)
                return -ENOMEM;
        instance.unit = unit;
        return store_deployment_start(pipeline->store, deployment, row, &release, &instance, 1, range->low,
                                      range->high, pipeline->next_port, ask);
}

void persist_move(Attempt *attempt, const FlowRow *row, const char *sentence)
{
        Pipeline *pipeline = attempt->pipeline;
        Deployment *deployment = attempt->deployment;
        Commit *commit = calloc(1, sizeof(Commit));
        StoreAsk ask = { STORE_DEPLOYD, USEC_INFINITY, NULL, commit, commit_drop };
        int r;

        if (!commit) {
                fatal(pipeline, "Out of memory", -ENOMEM, NULL);
                return;
        }
        *commit = (Commit){ .pipeline = pipeline, .deployment = deployment->id, .row = row };
        r = text_replace(&commit->sentence, sentence);
        if (r >= 0 && row->to == DEPLOYMENT_STARTING) {
                ask.done = on_release;
                r = store_start(attempt, row, &ask);
        } else if (r >= 0 && row->to == DEPLOYMENT_LIVE) {
                ask.done = on_live;
                r = store_deployment_go_live(pipeline->store, deployment, row,
                                             flow_find(DEPLOYMENT_LIVE, FLOW_REPLACED), &ask);
        } else if (r >= 0) {
                ask.done = on_moved;
                r = store_deployment_move(pipeline->store, deployment, row, sentence,
                                          app_status_after(deployment, row), &ask);
        }
        if (r < 0) {
                commit_free(commit);
                fatal(pipeline, "A change could not be sent to the database", r, NULL);
        }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/flow/commit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/quote.h"
#include "base/text.h"
#include "daemon/pipeline/files/formation-plan.h"
#include "daemon/pipeline/instances/ports.h"

/* A commit under way. It refers to the deployment by its id: an app may be removed meanwhile. */
typedef struct Commit {
        Pipeline *pipeline;
        uint64_t deployment;
        const FlowRow *row;
        const CommitHandler *handler;
        char *sentence;
        const char *quote; /* of the sentence, in its memory */
        Plan plan;         /* of a start */
        bool by_others;    /* ports of the range are held by what is not an instance */
} Commit;

static Commit *commit_free(Commit *commit)
{
        if (!commit)
                return NULL;
        formation_plan_done(&commit->plan);
        free(commit->sentence);
        free(commit);
        return NULL;
}
DEFINE_CLEANUP(Commit *, commit_free);

static void commit_drop(void *userdata)
{
        commit_free(userdata);
}

static void commit_fatal(Pipeline *pipeline, const char *what, int error, const char *sentence)
{
        _cleanup_free_ char *text =
                text_format("%s: %s", what, text_is_empty(sentence) ? strerror(-error) : sentence);

        pipeline_fatal(pipeline, text ? text : what);
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

/* The version of the environment that it was to bring, as store_deployment_move() does. */
static void take_back(Deployment *deployment)
{
        const EnvironmentVersion *brought;
        EnvironmentVersion *base, *later;
        App *app = deployment->app;

        if (!environment_version_may_go_back(deployment, &brought, &base))
                return;
        LIST_FOREACH (versions, later, app->versions)
                if (later->base == brought->id)
                        later->base = base ? base->id : 0;
        if (app->environment != brought)
                return;
        app->environment = base;
        log_info("The environment of %s is taken back: deployment %" PRIu64 " was to bring it", app->name,
                 deployment->id);
        model_changed_app(app->model, app);
}

/* It takes a slot, as the trigger deployment_begin of the database sees it. */
static void commit_begin(Pipeline *pipeline, Deployment *deployment, const FlowRow *row)
{
        if (row->from == DEPLOYMENT_QUEUED && deployment_status_is_running(row->to) &&
            deployment_begin(deployment) < 0)
                commit_fatal(pipeline, "Out of memory", -ENOMEM, NULL);
}

/* The release that was chosen for it. */
static int take_release(Deployment *deployment)
{
        const Deployment *builder = model_deployment(deployment->model, deployment->chosen);

        if (deployment->chosen == 0)
                return 0;
        deployment->release_id = deployment->chosen;
        deployment->chosen = 0;
        return !builder || text_replace(&deployment->revision, builder->revision) < 0 ||
                               text_replace(&deployment->image_tag, builder->image_tag) < 0
                       ? -ENOMEM
                       : 0;
}

static void commit_learn(Commit *commit, Deployment *deployment, const StoreReply *reply)
{
        const FlowRow *row = commit->row;
        App *app = deployment->app;

        if (row->from == DEPLOYMENT_QUEUED && deployment_status_is_running(row->to))
                deployment->started_at = reply->at;
        if (row->to == DEPLOYMENT_FAILED || row->to == DEPLOYMENT_CANCELLED)
                take_back(deployment);
        if (deployment_status_is_finished(row->to) && deployment->finished_at == 0)
                deployment->finished_at = reply->at;
        if (commit->sentence)
                (void) (text_replace(&deployment->error_summary, commit->sentence) < 0 ||
                        text_replace(&deployment->error_quote, commit->quote) < 0);
        if (row->to == DEPLOYMENT_LIVE && deployment->kind != DEPLOYMENT_REDEPLOY)
                app->stopped = false;
}

static void commit_on_moved(void *userdata, int error, const StoreReply *reply)
{
        _cleanup_(commit_freep) Commit *commit = userdata;
        Pipeline *pipeline = commit->pipeline;
        Deployment *deployment = model_deployment(pipeline->model, commit->deployment);
        AppStatus status;

        if (!deployment)
                return;
        if (error < 0) {
                commit_fatal(pipeline, "A deployment could not be recorded", error, reply->sentence);
                return;
        }
        status = app_status_after(deployment, commit->row);
        commit_begin(pipeline, deployment, commit->row);
        commit_learn(commit, deployment, reply);
        if (deployment->app->status != status) {
                deployment->app->status = status;
                model_changed_app(pipeline->model, deployment->app);
        }
        commit->handler->moved(pipeline, deployment, commit->row, NULL);
}

static void on_live(void *userdata, int error, const StoreReply *reply)
{
        _cleanup_(commit_freep) Commit *commit = userdata;
        Pipeline *pipeline = commit->pipeline;
        Deployment *deployment = model_deployment(pipeline->model, commit->deployment), *old;

        if (!deployment)
                return;
        if (error < 0) {
                commit_fatal(pipeline, "A live deployment could not be recorded", error, reply->sentence);
                return;
        }
        old = deployment->app->live;
        commit_learn(commit, deployment, reply);
        deployment->app->status = deployment->app->stopped ? APP_STOPPED : APP_RUNNING;
        commit->handler->moved(pipeline, deployment, commit->row, old);
}

/* The instances with the ports they got, in the order they were asked for. */
static int make_instances(Deployment *deployment, const Plan *plan, const StoreReply *reply)
{
        assert(reply->n_ports == plan->n);

        for (size_t i = 0; i < plan->n; i++)
                if (!instance_new(deployment, plan->items[i].process, plan->items[i].number,
                                  reply->ports[i]))
                        return -ENOMEM;
        return 0;
}

static void on_start(void *userdata, int error, const StoreReply *reply)
{
        _cleanup_(commit_freep) Commit *commit = userdata;
        Pipeline *pipeline = commit->pipeline;
        Deployment *deployment = model_deployment(pipeline->model, commit->deployment);

        if (!deployment)
                return;
        if (error == -ESTALE && reply->number == 2)
                return commit->handler->refused(pipeline, deployment, "its release is not kept any more");
        if (error == -ESTALE && reply->number == 1) {
                const PortRange *range = &pipeline_config(pipeline)->port_range;
                _cleanup_free_ char *text =
                        text_format("no free port in %u-%u%s", range->low, range->high,
                                    commit->by_others ? ": other processes hold some, see ss -lntp" : "");

                commit->handler->refused(pipeline, deployment, text_or_empty(text));
                return;
        }
        if (error < 0) {
                commit_fatal(pipeline, "The start of a deployment could not be recorded", error,
                             reply->sentence);
                return;
        }
        if (deployment->started_at == 0)
                deployment->started_at = reply->at;
        commit_begin(pipeline, deployment, commit->row);
        if (take_release(deployment) < 0 || make_instances(deployment, &commit->plan, reply) < 0) {
                commit_fatal(pipeline, "Out of memory", -ENOMEM, NULL);
                return;
        }
        for (size_t i = 0; i < reply->n_ports; i++)
                if (reply->ports[i] != 0)
                        pipeline->next_port = (uint16_t) (reply->ports[i] + 1);
        commit->handler->moved(pipeline, deployment, commit->row, NULL);
}

/* 0; -EINVAL with a sentence if it cannot be started so. */
static int store_start(Commit *commit, const Deployment *deployment, const StorePorts *ports,
                       const StoreAsk *ask, char **ret_sentence)
{
        Pipeline *pipeline = commit->pipeline;
        const Deployment *builder =
                deployment->chosen ? model_deployment(pipeline->model, deployment->chosen) : deployment;
        const Release *release = builder ? deployment_release(builder) : NULL;
        int r;

        if (!release) {
                *ret_sentence = strdup("its release is not kept any more");
                return *ret_sentence ? -EINVAL : -ENOMEM;
        }
        r = formation_plan_make(deployment, release, &commit->plan, ret_sentence);
        return r < 0 ? r
                     : store_deployment_start(pipeline->store, deployment, commit->row, deployment->chosen,
                                              commit->plan.items, commit->plan.n, ports, ask);
}

static int compare_ports(const void *a, const void *b)
{
        const uint64_t *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

/* How many of the ports, lowest first, are those of instances; each has its own. */
static size_t count_assigned(const Model *model, const uint64_t *held, size_t n_held)
{
        const Deployment *deployment;
        const Instance *instance;
        size_t n = 0;

        LIST_FOREACH (deployments, deployment, model->deployments)
                LIST_FOREACH (instances, instance, deployment->instances) {
                        uint64_t port = instance->port;

                        n += n_held > 0 && bsearch(&port, held, n_held, sizeof(port), compare_ports) != NULL;
                }
        return n;
}

/* Which ports somebody holds is known: the deployment gets others. */
static void commit_on_ports(void *userdata, const uint64_t *held, size_t n_held)
{
        Commit *commit = userdata;
        Pipeline *pipeline = commit->pipeline;
        const PortRange *range = &pipeline_config(pipeline)->port_range;
        const StorePorts ports = { range->low, range->high, pipeline->next_port, held, n_held };
        const StoreAsk ask = { STORE_DEPLOYD, USEC_INFINITY, on_start, commit, commit_drop };
        Deployment *deployment = model_deployment(pipeline->model, commit->deployment);
        const CommitHandler *handler = commit->handler;
        _cleanup_free_ char *refusal = NULL;
        int r;

        if (!deployment) {
                commit_free(commit);
                return;
        }
        commit->by_others = count_assigned(pipeline->model, held, n_held) < n_held;
        r = store_start(commit, deployment, &ports, &ask, &refusal);
        if (r >= 0)
                return;
        commit_free(commit);
        if (r == -EINVAL)
                handler->refused(pipeline, deployment, refusal);
        else
                commit_fatal(pipeline, "A change could not be sent to the database", r, NULL);
}

void commit_move(Pipeline *pipeline, Deployment *deployment, const FlowRow *row, const char *sentence,
                 const CommitHandler *handler)
{
        Commit *commit = calloc(1, sizeof(Commit));
        StoreAsk ask = { STORE_DEPLOYD, USEC_INFINITY, NULL, commit, commit_drop };
        int r;

        if (!commit) {
                commit_fatal(pipeline, "Out of memory", -ENOMEM, NULL);
                return;
        }
        *commit = (Commit){
                .pipeline = pipeline, .deployment = deployment->id, .row = row, .handler = handler
        };
        r = text_replace(&commit->sentence, sentence);
        commit->quote = quote_cut(commit->sentence);
        if (r >= 0 && row->to == DEPLOYMENT_STARTING)
                r = ports_ask(pipeline, commit_on_ports, commit_drop, commit);
        else if (r >= 0 && row->to == DEPLOYMENT_LIVE) {
                ask.done = on_live;
                r = store_deployment_go_live(pipeline->store, deployment, row,
                                             flow_find(DEPLOYMENT_LIVE, FLOW_REPLACED), &ask);
        } else if (r >= 0) {
                ask.done = commit_on_moved;
                r = store_deployment_move(pipeline->store, deployment, row, sentence,
                                          app_status_after(deployment, row), &ask);
        }
        if (r < 0) {
                commit_free(commit);
                commit_fatal(pipeline, "A change could not be sent to the database", r, NULL);
        }
}

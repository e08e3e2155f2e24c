/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/pipeline/fake-store.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "tests/pipeline/loop.h"

/* Of one deployment. */
#define PORTS_MAX 64

typedef struct Request {
        char *name;
        StoreAsk ask;
        StoreReply reply;
        uint16_t ports[PORTS_MAX];
        Later *later; /* NULL = it is held */
        LIST_FIELDS(struct Request, requests);
} Request;

FakeStore fake_store;
static LIST_HEAD(Request, requests);

static void pending_call_free(Request *request)
{
        LIST_REMOVE(requests, requests, request);
        later_free(request->later);
        free(request->name);
        free(request);
}

static void note(char **log, const char *name)
{
        char *longer = text_format("%s%s ", text_or_empty(*log), name);

        cr_assert(longer);
        free(*log);
        *log = longer;
}

static void on_answer(void *userdata)
{
        Request *request = userdata;
        StoreAsk ask = request->ask;
        StoreReply reply = request->reply;
        uint16_t ports[PORTS_MAX];
        int error = 0;

        request->later = NULL;
        memcpy(ports, request->ports, sizeof(ports));
        if (reply.ports)
                reply.ports = ports;
        reply.at = clock_usec(CLOCK_REALTIME);
        if (fake_store.refuse && strcmp(fake_store.refuse, request->name) == 0) {
                fake_store.refuse = NULL;
                error = fake_store.error;
                reply.number = fake_store.number;
                reply.sentence = text_or_empty(fake_store.sentence);
        } else
                note(request->name[0] >= '0' && request->name[0] <= '9' ? &fake_store.rows
                                                                        : &fake_store.verbs,
                     request->name);
        pending_call_free(request);
        if (ask.done)
                ask.done(ask.userdata, error, &reply);
}

static bool is_held(const Request *request)
{
        const Request *other;

        if (fake_store.hold &&
            (strcmp(fake_store.hold, "*") == 0 || strcmp(fake_store.hold, request->name) == 0))
                return true;
        /* The requests of one asker keep their order. */
        LIST_FOREACH (requests, other, requests)
                if (other != request && !other->later && other->ask.userdata &&
                    other->ask.userdata == request->ask.userdata)
                        return true;
        return false;
}

static Request *pending_call_new(const StoreAsk *ask, char *name)
{
        Request *request = calloc(1, sizeof(Request));

        cr_assert(request && name);
        *request = (Request){ .name = name, .ask = *ask, .reply = { .sentence = "", .constraint = "" } };
        LIST_APPEND(requests, requests, request);
        return request;
}

static int request_send(Request *request)
{
        if (fake_store.unsent && strcmp(fake_store.unsent, request->name) == 0) {
                pending_call_free(request);
                return -EPIPE;
        }
        if (!is_held(request))
                request->later = later_new(on_answer, request);
        return 0;
}

static int send_named(const StoreAsk *ask, const char *name, uint64_t id, uint64_t number)
{
        Request *request = pending_call_new(ask, strdup(name));

        request->reply.id = id;
        request->reply.number = number;
        return request_send(request);
}

static int send_row(const StoreAsk *ask, const FlowRow *row)
{
        return request_send(pending_call_new(ask, text_format("%u", row->row)));
}

/* Each instance that wants a port gets the next one. */
static int send_instances(Request *request, const StoreInstance *instances, size_t n)
{
        cr_assert(n > 0 && n <= PORTS_MAX);
        request->reply.ports = request->ports;
        request->reply.n_ports = n;
        for (size_t i = 0; i < n; i++)
                request->ports[i] = instances[i].port ? fake_store.next_port++ : 0;
        return request_send(request);
}

void fake_store_start(void)
{
        fake_store = (FakeStore){ .next_id = 1, .next_number = 1, .next_port = 20000 };
}

void fake_store_end(void)
{
        while (requests) {
                StoreAsk ask = requests->ask;

                pending_call_free(requests);
                if (ask.drop)
                        ask.drop(ask.userdata);
        }
        free(fake_store.rows);
        free(fake_store.verbs);
        fake_store.rows = fake_store.verbs = NULL;
}

bool fake_store_holds(const char *name)
{
        const Request *request;

        LIST_FOREACH (requests, request, requests)
                if (!request->later && strcmp(request->name, name) == 0)
                        return true;
        return false;
}

void fake_store_release(void)
{
        Request *request;

        fake_store.hold = NULL;
        LIST_FOREACH (requests, request, requests)
                if (!request->later)
                        request->later = later_new(on_answer, request);
}

int store_deployment_move(_unused_ Store *store, _unused_ const Deployment *deployment, const FlowRow *row,
                          const char *error_summary, _unused_ AppStatus app_status, const StoreAsk *ask)
{
        cr_assert_eq(row->to == DEPLOYMENT_FAILED, error_summary != NULL);
        return send_row(ask, row);
}

int store_deployment_start(_unused_ Store *store, _unused_ const Deployment *deployment, const FlowRow *row,
                           _unused_ uint64_t release, const StoreInstance *instances, size_t n_instances,
                           _unused_ const StorePorts *range, const StoreAsk *ask)
{
        return send_instances(pending_call_new(ask, text_format("%u", row->row)), instances, n_instances);
}

int store_deployment_go_live(_unused_ Store *store, _unused_ const Deployment *deployment,
                             const FlowRow *row, const FlowRow *replaced, const StoreAsk *ask)
{
        cr_assert(replaced && replaced->row == 801);
        return send_row(ask, row);
}

int store_deployment_scale_up(_unused_ Store *store, _unused_ const Deployment *deployment,
                              const StoreInstance *instances, size_t n_instances,
                              _unused_ const StorePorts *range, const StoreAsk *ask)
{
        return send_instances(pending_call_new(ask, strdup("deployment_scale_up")), instances, n_instances);
}

int store_deployment_insert(_unused_ Store *store, _unused_ const App *app, _unused_ const char *revision,
                            _unused_ const char *request_id, _unused_ DeploymentKind kind,
                            _unused_ uint64_t queue_max, const StoreAsk *ask)
{
        return send_named(ask, "deployment_insert", fake_store.next_id++, 0);
}

int store_deployment_redeploy(_unused_ Store *store, _unused_ const App *app, _unused_ DeploymentKind kind,
                              _unused_ uint64_t rollback_to, _unused_ uint64_t queue_max,
                              const StoreAsk *ask)
{
        return send_named(ask, "deployment_redeploy", fake_store.next_id++, 0);
}

int store_environment_set(_unused_ Store *store, _unused_ const App *app,
                          _unused_ const Variables *variables, StoreEnvironmentUse use,
                          _unused_ uint64_t queue_max, const StoreAsk *ask)
{
        uint64_t id = use == STORE_ENVIRONMENT_DEPLOY ? fake_store.next_id++ : 0;

        return send_named(ask, "environment_set", id, fake_store.next_number++);
}

int store_environment_default(_unused_ Store *store, _unused_ const Deployment *deployment,
                              _unused_ const Variables *variables, const StoreAsk *ask)
{
        return send_named(ask, "environment_default", 0, fake_store.next_number++);
}

int store_repository_count_fetch(_unused_ Store *store, _unused_ const Repository *repository,
                                 const StoreAsk *ask)
{
        return send_named(ask, "repository_count_fetch", 0, fake_store.next_number++);
}

/* Verbs whose reply says no more than when. */
#define VERB(verb, ...)                                            \
        int store_##verb(_unused_ Store *store, __VA_ARGS__)       \
        {                                                          \
                return send_named(ask, #verb, 0, /* number= */ 1); \
        }

VERB(app_apply, _unused_ const App *app, const StoreAsk *ask)
VERB(app_delete, _unused_ const App *app, _unused_ uint64_t keep_usec, const StoreAsk *ask)
VERB(app_insert, _unused_ const char *name, _unused_ const Repository *repository,
     _unused_ const AppSettings *settings, _unused_ uint16_t low, _unused_ uint16_t high,
     _unused_ uint64_t data, const StoreAsk *ask)
VERB(app_set, _unused_ const App *app, _unused_ const AppSettings *settings, _unused_ bool apply,
     const StoreAsk *ask)
VERB(app_set_status, _unused_ const App *app, _unused_ bool stopped, _unused_ AppStatus status,
     _unused_ const char *verb, const StoreAsk *ask)
VERB(deployment_forget_instance, _unused_ const Instance *instance, const StoreAsk *ask)
VERB(deployment_forget_instances, _unused_ const Deployment *deployment, const StoreAsk *ask)
VERB(deployment_forget_release, _unused_ uint64_t id, const StoreAsk *ask)
VERB(deployment_set_logs_path, _unused_ uint64_t id, _unused_ const char *path, const StoreAsk *ask)
VERB(deployment_set_release, _unused_ const Deployment *deployment, _unused_ uint64_t release_id,
     _unused_ const StoreRelease *made, const StoreAsk *ask)
VERB(environment_forget, _unused_ uint64_t id, const StoreAsk *ask)
VERB(installation_raise, _unused_ const StoreNumbers *numbers, const StoreAsk *ask)
VERB(installation_set, _unused_ sd_id128_t id, _unused_ sd_id128_t machine, const StoreAsk *ask)
VERB(removed_app_set_data, _unused_ uint64_t id, _unused_ bool deleted, const StoreAsk *ask)
VERB(repository_delete, _unused_ const Repository *repository, const StoreAsk *ask)
VERB(repository_fetched, _unused_ const Repository *repository, _unused_ const char *head,
     const StoreAsk *ask)
VERB(repository_insert, _unused_ const char *name, _unused_ const char *git_url,
     _unused_ const char *default_branch, const StoreAsk *ask)
VERB(repository_set_default_branch, _unused_ const Repository *repository, _unused_ const char *branch,
     const StoreAsk *ask)
VERB(repository_set_submodules, _unused_ const Repository *repository, _unused_ const char *submodules,
     const StoreAsk *ask)
VERB(repository_set_git_url, _unused_ const Repository *repository, _unused_ const char *git_url,
     const StoreAsk *ask)

/* No test of the flow asks for the past. */
int store_history(_unused_ Store *store, _unused_ uint64_t app, _unused_ uint64_t before,
                  _unused_ uint64_t id, _unused_ unsigned limit, _unused_ uint64_t deadline,
                  _unused_ StoreHistoryDone done, _unused_ void *userdata,
                  _unused_ void (*drop)(void *userdata))
{
        return -EOPNOTSUPP;
}

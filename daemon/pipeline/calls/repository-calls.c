/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/calls/repository-calls.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "daemon/model/setting-value.h"
#include "daemon/model/validate.h"
#include "daemon/pipeline/calls/credential-calls.h"
#include "daemon/pipeline/calls/pending-call.h"
#include "daemon/pipeline/files/credential.h"
#include "daemon/pipeline/jobs/fetch.h"
#include "daemon/pipeline/upkeep/purge.h"

static void log_repository(const char *name, const char *id, const char *what)
{
        LogSubject subject = { .repository = name };

        log_line(LOG_INFO, id, &subject, "Repository %s %s", name, what);
}

/* Answers: the row is committed, now its files. */
static void keep_access(Request *request, Repository *repository)
{
        int r = request->credential ? credential_write(repository, request->credential) : 0;

        if (r >= 0 && request->known_hosts)
                r = credential_write_known_hosts(repository, request->known_hosts);
        credential_look(repository);
        model_changed_repository(request->pipeline->model, repository);
        if (r >= 0)
                pending_call_answer(request, 0);
        else
                pending_call_refuse(
                        request, SD_BUS_ERROR_FAILED,
                        "the repository is as you want it, but its credential could not be kept (%s): give "
                        "it once more by 'deployctl repo credential %s'",
                        strerror(-r), request->name);
}

static int request_set_access(Request *request, const RepositoryAccess *access)
{
        return access && (text_replace(&request->credential, access->credential) < 0 ||
                          text_replace(&request->known_hosts, access->known_hosts) < 0)
                       ? -ENOMEM
                       : 0;
}

static void repository_on_created(Request *request, int error, const StoreReply *reply)
{
        _cleanup_(repository_freep) Repository *repository = NULL;

        if (error == -EEXIST) {
                pending_call_refuse(request, BUS_ERROR_ALREADY_EXISTS,
                                    "there is a repository named %s already", request->name);
                return;
        }
        if (error < 0) {
                pending_call_fail(request, error, reply);
                return;
        }
        repository = repository_new(request->name);
        if (!repository || text_replace(&repository->git_url, request->text) < 0 ||
            text_replace(&repository->default_branch, request->more) < 0) {
                pending_call_fail(request, -ENOMEM, reply);
                return;
        }
        repository->id = reply->id;
        repository->created_at = reply->at;
        if (model_add_repository(request->pipeline->model, repository) < 0) {
                pending_call_fail(request, -ENOMEM, reply);
                return;
        }
        log_repository(request->name, MESSAGE_REPOSITORY_CREATED, "was created");
        keep_access(request, TAKE_PTR(repository));
}

int repository_create(Pipeline *pipeline, const char *name, const char *git_url, const char *default_branch,
                      const RepositoryAccess *access, const Call *call, sd_bus_error *reterr)
{
        _cleanup_(pending_call_freep) Request *request = NULL;
        StoreAsk ask;

        assert(pipeline);

        if (model_repository(pipeline->model, name))
                return sd_bus_error_setf(reterr, BUS_ERROR_ALREADY_EXISTS,
                                         "there is a repository named %s already", name);
        request = pending_call_new(pipeline, call, repository_on_created, name, git_url, default_branch, 0);
        if (!request || request_set_access(request, access) < 0)
                return -ENOMEM;
        ask = pending_call_ask(request);
        return pending_call_sent(
                &request, store_repository_insert(pipeline->store, name, git_url, default_branch, &ask),
                reterr);
}

/* `more` is the property. */
static void on_text_set(Request *request, int error, const StoreReply *reply)
{
        Repository *repository = model_repository(request->pipeline->model, request->name);
        const Setting *setting = setting_by_property(&repository_settings, request->more);

        assert(setting);

        if (error < 0 || !repository || text_replace(setting_text(setting, repository), request->text) < 0) {
                pending_call_fail(request, error < 0 ? error : -ESTALE, reply);
                return;
        }
        keep_access(request, repository);
}

/* Sets a text by the verb of the store. */
static int set_text(Pipeline *pipeline, Repository *repository, const char *property, const char *text,
                    int (*store)(Store *store, const Repository *repository, const char *text,
                                 const StoreAsk *ask),
                    const RepositoryAccess *access, const Call *call, sd_bus_error *reterr)
{
        _cleanup_(pending_call_freep) Request *request = NULL;
        StoreAsk ask;

        assert(pipeline);
        assert(repository);

        request = pending_call_new(pipeline, call, on_text_set, repository->name, text, property,
                                   repository->id);
        if (!request || request_set_access(request, access) < 0)
                return -ENOMEM;
        ask = pending_call_ask(request);
        return pending_call_sent(&request, store(pipeline->store, repository, text, &ask), reterr);
}

int repository_set_git_url(Pipeline *pipeline, Repository *repository, const char *git_url,
                           const char *credential, const Call *call, sd_bus_error *reterr)
{
        return set_text(pipeline, repository, "GitUrl", git_url, store_repository_set_git_url,
                        &(const RepositoryAccess){ .credential = credential }, call, reterr);
}

int repository_set_default_branch(Pipeline *pipeline, Repository *repository, const char *branch,
                                  const Call *call, sd_bus_error *reterr)
{
        return set_text(pipeline, repository, "DefaultBranch", branch, store_repository_set_default_branch,
                        NULL, call, reterr);
}

int repository_set_submodules(Pipeline *pipeline, Repository *repository, const char *submodules,
                              const Call *call, sd_bus_error *reterr)
{
        return set_text(pipeline, repository, "Submodules", submodules, store_repository_set_submodules,
                        NULL, call, reterr);
}

static void repository_on_removed(Request *request, int error, const StoreReply *reply)
{
        Pipeline *pipeline = request->pipeline;
        Repository *repository = model_repository(pipeline->model, request->name);

        if (error == -EBUSY) {
                pending_call_refuse(request, BUS_ERROR_REPOSITORY_IN_USE, "repository %s is used by an app",
                                    request->name);
                return;
        }
        if (error < 0 || !repository) {
                pending_call_fail(request, error < 0 ? error : -ESTALE, reply);
                return;
        }
        repository_fetches_end(pipeline, repository);
        key_makers_end(pipeline, repository);
        credential_forget(repository);
        purge_mirror(pipeline, repository);
        log_repository(request->name, MESSAGE_REPOSITORY_REMOVED, "was removed");
        model_remove_repository(pipeline->model, repository);
        purges_poll(pipeline);
        pending_call_answer(request, 0);
}

int repository_remove(Pipeline *pipeline, Repository *repository, const Call *call, sd_bus_error *reterr)
{
        Request *request;
        StoreAsk ask;

        assert(pipeline);
        assert(repository);

        if (repository->apps)
                return sd_bus_error_setf(reterr, BUS_ERROR_REPOSITORY_IN_USE,
                                         "repository %s is used by app %s", repository->name,
                                         repository->apps->name);
        request = pending_call_new(pipeline, call, repository_on_removed, repository->name, NULL, NULL,
                                   repository->id);
        if (!request)
                return -ENOMEM;
        ask = pending_call_ask(request);
        return pending_call_sent(&request, store_repository_delete(pipeline->store, repository, &ask),
                                 reterr);
}

/* Repository.Fetch: the mirror alone, then its row. The fetch goes on if the caller does not. */
typedef struct RepositoryFetch {
        Pipeline *pipeline;
        Repository *repository;
        Call call;
        Fetch *fetch;
        LIST_FIELDS(struct RepositoryFetch, repository_fetches);
} RepositoryFetch;

static RepositoryFetch *repository_fetch_free(RepositoryFetch *fetch)
{
        LIST_REMOVE(repository_fetches, fetch->pipeline->repository_fetches, fetch);
        fetch_free(fetch->fetch);
        free(fetch);
        return NULL;
}

void repository_fetches_end(Pipeline *pipeline, const Repository *repository)
{
        RepositoryFetch *fetch, *next;

        LIST_FOREACH_SAFE (repository_fetches, fetch, next, pipeline->repository_fetches) {
                if (repository && fetch->repository != repository)
                        continue;
                if (repository)
                        call_refuse(&fetch->call, BUS_ERROR_FETCH_FAILED, "the repository was removed");
                repository_fetch_free(fetch);
        }
}

static void on_head_set(Request *request, int error, const StoreReply *reply)
{
        Repository *repository = model_repository(request->pipeline->model, request->name);

        if (error < 0 || !repository || text_replace(&repository->head_revision, request->text) < 0) {
                pending_call_fail(request, error < 0 ? error : -ESTALE, reply);
                return;
        }
        repository->last_fetched_at = reply->at;
        model_changed_repository(request->pipeline->model, repository);
        pending_call_answer(request, 0);
}

static int set_head(Pipeline *pipeline, Repository *repository, const char *head, const Call *call,
                    sd_bus_error *reterr)
{
        Request *request =
                pending_call_new(pipeline, call, on_head_set, repository->name, head, NULL, repository->id);
        StoreAsk ask;

        if (!request)
                return -ENOMEM;
        ask = pending_call_ask(request);
        ask.actor = STORE_DEPLOYD;
        return pending_call_sent(&request, store_repository_fetched(pipeline->store, repository, head, &ask),
                                 reterr);
}

static void on_head_learned(_unused_ void *userdata, const sd_bus_error *error, _unused_ uint64_t id)
{
        if (error)
                log_warning("What a fetch has seen could not be recorded, ignoring: %s", error->message);
}

void repository_learn_head(Pipeline *pipeline, Repository *repository, const char *head)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        Call nobody = { .done = on_head_learned };

        if (set_head(pipeline, repository, head, &nobody, &error) < 0)
                log_warning("What a fetch has seen could not be recorded, ignoring: %s",
                            text_or_empty(error.message));
}

static void repository_on_fetched(void *userdata, const Ticket *answer, const char *failure)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        RepositoryFetch *fetch = userdata;
        Pipeline *pipeline = fetch->pipeline;
        Repository *repository = fetch->repository;
        Call call = fetch->call;
        const char *head = answer ? ticket_get(answer, "head") : NULL;

        if (failure)
                call_refuse(&call, BUS_ERROR_FETCH_FAILED, "%s", failure);
        else if (!head || !commit_is_valid(head))
                call_refuse(&call, BUS_ERROR_FETCH_FAILED, "fetch: its answer has no valid commit");
        else if (set_head(pipeline, repository, head, &call, &error) < 0)
                call_refuse(&call, BUS_ERROR_FETCH_FAILED, "%s", text_or_empty(error.message));
        repository_fetch_free(fetch);
}

int repository_fetch(Pipeline *pipeline, Repository *repository, const Call *call, sd_bus_error *reterr)
{
        RepositoryFetch *fetch;
        int r;

        assert(pipeline);
        assert(repository);
        assert(call);

        fetch = calloc(1, sizeof(RepositoryFetch));
        if (!fetch)
                return -ENOMEM;
        *fetch = (RepositoryFetch){ .pipeline = pipeline, .repository = repository, .call = *call };
        LIST_PREPEND(repository_fetches, pipeline->repository_fetches, fetch);
        r = fetch_new(pipeline,
                      &(FetchParams){ .repository = repository,
                                      .revision = "",
                                      .directory = "",
                                      .tar_fd = -1,
                                      .done = repository_on_fetched,
                                      .userdata = fetch },
                      &fetch->fetch);
        if (r < 0) {
                repository_fetch_free(fetch);
                return sd_bus_error_set_errno(reterr, r);
        }
        return 0;
}

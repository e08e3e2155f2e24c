/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Of the fake pipeline, repositories that are made, and what they are reached with. */

#include "base/text.h"
#include "daemon/model/repository.h"
#include "tests/dbus/fake-pipeline.h"

int repository_create(Pipeline *pipeline, const char *name, const char *git_url, const char *default_branch,
                      const RepositoryAccess *access, const Call *call, sd_bus_error *reterr)
{
        Repository *repository;
        int r;

        r = fake_pipeline_note(pipeline, reterr, "repository_create %s %s [%s]%s%s%s%s uid=%u", name,
                               git_url, default_branch, access->credential ? " credential " : "",
                               text_or_empty(access->credential), access->known_hosts ? " known-hosts " : "",
                               text_or_empty(access->known_hosts), call->uid);
        if (r < 0)
                return r;
        repository = repository_new(name);
        assert(repository);
        if (text_replace(&repository->git_url, git_url) < 0 ||
            text_replace(&repository->default_branch, default_branch) < 0 ||
            model_add_repository(pipeline->model, repository) < 0) {
                repository_free(repository);
                return sd_bus_error_setf(reterr, "org.deployd.Deploy1.Error.AlreadyExists", "there already");
        }
        return fake_pipeline_end(pipeline, call, 0);
}

int repository_set_git_url(Pipeline *pipeline, Repository *repository, const char *git_url,
                           const char *credential, const Call *call, sd_bus_error *reterr)
{
        int r = fake_pipeline_note(pipeline, reterr, "repository_set_git_url %s %s%s%s uid=%u",
                                   repository->name, git_url, credential ? " credential " : "",
                                   text_or_empty(credential), call->uid);

        if (r < 0)
                return r;
        assert(text_replace(&repository->git_url, git_url) >= 0);
        model_changed_repository(pipeline->model, repository);
        return fake_pipeline_end(pipeline, call, 0);
}

int repository_set_credential(Pipeline *pipeline, Repository *repository, const char *credential,
                              const Call *call, sd_bus_error *reterr)
{
        int r = fake_pipeline_note(pipeline, reterr, "repository_set_credential %s [%s] uid=%u",
                                   repository->name, credential, call->uid);

        if (r < 0)
                return r;
        repository->has_credential = credential[0] != '\0';
        model_changed_repository(pipeline->model, repository);
        return fake_pipeline_end(pipeline, call, 0);
}

int repository_set_known_hosts(Pipeline *pipeline, Repository *repository, const char *known_hosts,
                               const Call *call, sd_bus_error *reterr)
{
        int r = fake_pipeline_note(pipeline, reterr, "repository_set_known_hosts %s [%s] uid=%u",
                                   repository->name, known_hosts, call->uid);

        return r < 0 ? r : fake_pipeline_end(pipeline, call, 0);
}

int repository_generate_key(Pipeline *pipeline, Repository *repository, KeyDone done, void *userdata,
                            sd_bus_error *reterr)
{
        int r = fake_pipeline_note(pipeline, reterr, "repository_generate_key %s", repository->name);
        const sd_bus_error error = SD_BUS_ERROR_MAKE_CONST(pipeline->error_later, "failed in the fake");

        if (r < 0)
                return r;
        done(userdata, pipeline->error_later ? &error : NULL,
             pipeline->error_later ? NULL : "ssh-ed25519 AAAA deployd");
        return 0;
}

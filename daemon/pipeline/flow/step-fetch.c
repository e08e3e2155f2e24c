/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/text.h"
#include "daemon/model/validate.h"
#include "daemon/pipeline/files/build-key.h"
#include "daemon/pipeline/files/release.h"
#include "daemon/pipeline/flow/attempt.h"
#include "daemon/pipeline/flow/release-record.h"
#include "daemon/pipeline/flow/step.h"
#include "daemon/pipeline/flow/warning.h"
#include "daemon/pipeline/jobs/fetch.h"

/* The tree is there: it is built, unless that has been done or there is nothing to do. */
static void step_fetch_go_on(Attempt *attempt)
{
        Deployment *deployment = attempt->deployment;
        const Deployment *builder;
        Sha256Text key;
        int r;

        if (!app_settings_build(deployment_settings(deployment)))
                return step_import(attempt, attempt->tar_fd, NULL);
        r = build_key_make(deployment, attempt->submodules, &key);
        if (r < 0)
                return attempt_fail_errno(attempt, "build", r);
        builder = deployment->kind == DEPLOYMENT_REBUILD ? NULL : build_key_find(deployment->app, key.text);
        if (builder)
                release_record_reuse(attempt, builder);
        else
                attempt_handle(attempt->pipeline, deployment, FLOW_BUILD, NULL);
}

static void step_fetch_on_fetched(void *userdata, const Ticket *answer, const char *failure)
{
        Attempt *attempt = userdata;
        Deployment *deployment = attempt->deployment;
        const char *commit, *head;

        if (failure) {
                attempt_handle(attempt->pipeline, deployment, FLOW_FAILED, failure);
                return;
        }
        commit = ticket_get(answer, "commit");
        head = ticket_get(answer, "head");
        if (!commit || !commit_is_valid(commit) || !head || (head[0] != '\0' && !commit_is_valid(head))) {
                attempt_fail(attempt->pipeline, deployment, "fetch: its answer has no valid commit");
                return;
        }
        /* A commit that was asked for by itself can be there without a branch to follow. */
        if (head[0] != '\0')
                attempt->pipeline->events->head_seen(attempt->pipeline, deployment->app->repository, head);
        if (text_replace(&deployment->revision, commit) < 0) {
                attempt_fail_errno(attempt, "fetch", -ENOMEM);
                return;
        }
        model_changed_deployment(deployment->model, deployment);
        warning_add_answer(deployment, answer);
        attempt->submodules = fetch_has_submodules(attempt->fetch);
        attempt->fetch = fetch_free(attempt->fetch);
        step_fetch_go_on(attempt);
}

/* What is asked for: the deployment's own revision, or its app's branch, or the repository's. */
static const char *wanted_revision(const Deployment *deployment)
{
        return deployment->requested_revision[0] ? deployment->requested_revision
                                                 : deployment_settings(deployment)->branch;
}

int step_fetch_tree(Attempt *attempt, const char *revision, bool mirror_only, HelperDone done,
                    OneshotText text)
{
        Deployment *deployment = attempt->deployment;
        _cleanup_close_ int fd = -1;

        attempt->tar_fd = release_spool();
        if (attempt->tar_fd < 0)
                return attempt->tar_fd;
        attempt_set_text(deployment, "fetching the repository", -1);
        fd = fd_reopen(attempt->tar_fd, O_WRONLY);
        return fd < 0 ? fd
                      : fetch_new(attempt->pipeline,
                                  &(FetchParams){ .repository = deployment->app->repository,
                                                  .revision = revision,
                                                  .is_branch = revision ==
                                                               deployment_settings(deployment)->branch,
                                                  .directory = deployment_settings(deployment)->directory,
                                                  .tar_fd = fd,
                                                  .mirror_only = mirror_only,
                                                  .deployment = deployment,
                                                  .done = done,
                                                  .text = text,
                                                  .userdata = attempt },
                                  &attempt->fetch);
}

void step_fetch_enter(Pipeline *pipeline, Deployment *deployment)
{
        Attempt *attempt = attempt_of(pipeline, deployment);
        int r;

        if (!attempt)
                return pipeline_oom(pipeline);
        if (deployment->release_id != 0)
                return release_record_go_on(pipeline, deployment);
        r = step_fetch_tree(attempt, wanted_revision(deployment), /* mirror_only= */ false,
                            step_fetch_on_fetched, attempt_on_text);
        if (r < 0)
                attempt_fail_errno(attempt, "fetch", r);
}

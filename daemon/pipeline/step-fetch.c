/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/text.h"
#include "daemon/model/validate.h"
#include "daemon/pipeline/attempt.h"
#include "daemon/pipeline/fetch.h"
#include "daemon/pipeline/import.h"
#include "daemon/pipeline/release.h"
#include "daemon/pipeline/repository-calls.h"
#include "daemon/pipeline/step.h"

static void fail_errno(Attempt *attempt, const char *what, int error)
{
        attempt_fail(attempt->pipeline, attempt->deployment, "%s: %s", what, strerror(-error));
}

static int copy_line(const char *key, const char *value, void *userdata)
{
        return ticket_set(userdata, key, value);
}

/* Words for a Procfile that has no `web`. */
static void fail_without_web(Attempt *attempt, const Ticket *answer)
{
        Deployment *deployment = attempt->deployment;
        bool procfile = strcmp(text_or_empty(ticket_get(answer, "procfile")), "yes") == 0;

        if (procfile)
                attempt_fail(attempt->pipeline, deployment, "the Procfile has no process named web");
        else
                attempt_fail(attempt->pipeline, deployment, "there is no Procfile in %s%s%s of commit %.12s",
                             deployment->app->settings.directory[0] ? "directory " : "the root",
                             deployment->app->settings.directory, "", deployment->revision);
}

static void on_imported(void *userdata, const Ticket *answer, const char *failure)
{
        Attempt *attempt = userdata;
        int r;

        if (failure) {
                attempt_handle(attempt->pipeline, attempt->deployment, FLOW_FAILED, failure);
                return;
        }
        if (!ticket_get(answer, "digest")) {
                attempt_fail(attempt->pipeline, attempt->deployment, "import: its answer has no digest");
                return;
        }
        if (!ticket_get(answer, "process.web")) {
                fail_without_web(attempt, answer);
                return;
        }
        attempt->tree = ticket_new();
        r = attempt->tree ? ticket_foreach(answer, "", copy_line, attempt->tree) : -ENOMEM;
        if (r < 0) {
                fail_errno(attempt, "import", r);
                return;
        }
        attempt_handle(attempt->pipeline, attempt->deployment, FLOW_DONE, NULL);
}

static void on_fetched(void *userdata, const Ticket *answer, const char *failure)
{
        Attempt *attempt = userdata;
        Deployment *deployment = attempt->deployment;
        _cleanup_close_ int fd = -1;
        const char *commit, *head;
        char *tag;
        int r;

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
                repository_learn_head(attempt->pipeline, deployment->app->repository, head);
        r = text_replace(&deployment->revision, commit);
        tag = r < 0 ? NULL : deployment_make_image_tag(deployment);
        if (!tag) {
                fail_errno(attempt, "fetch", -ENOMEM);
                return;
        }
        free(deployment->image_tag);
        deployment->image_tag = tag;
        attempt_set_text(deployment, "unpacking the release", -1);
        model_changed_deployment(deployment->model, deployment);

        attempt->fetch = fetch_free(attempt->fetch);
        fd = release_spool_reopen(attempt->tar_fd, O_RDONLY);
        r = fd < 0 ? fd
                   : import_new(attempt->pipeline, deployment, fd, on_imported, attempt, &attempt->import);
        if (r < 0)
                fail_errno(attempt, "import", r);
}

static void on_text(void *userdata, const char *text)
{
        Attempt *attempt = userdata;

        attempt_set_text(attempt->deployment, text, -1);
}

/* What is asked for: the deployment's own revision, or its app's branch, or the repository's. */
static const char *wanted_revision(const Deployment *deployment)
{
        return deployment->requested_revision[0] ? deployment->requested_revision
                                                 : deployment->app->settings.branch;
}

void step_fetch_enter(Pipeline *pipeline, Deployment *deployment)
{
        Attempt *attempt = attempt_of(pipeline, deployment);
        _cleanup_close_ int fd = -1;
        int r;

        if (!attempt)
                return pipeline->params.fatal(pipeline->params.userdata, "out of memory");
        attempt->tar_fd = release_spool();
        if (attempt->tar_fd < 0) {
                fail_errno(attempt, "fetch", attempt->tar_fd);
                return;
        }
        attempt_set_text(deployment, "fetching the repository", -1);
        fd = release_spool_reopen(attempt->tar_fd, O_WRONLY);
        r = fd < 0 ? fd
                   : fetch_new(pipeline,
                               &(FetchParams){ .repository = deployment->app->repository,
                                               .revision = wanted_revision(deployment),
                                               .directory = deployment->app->settings.directory,
                                               .tar_fd = fd,
                                               .deployment = deployment,
                                               .done = on_fetched,
                                               .text = on_text,
                                               .userdata = attempt },
                               &attempt->fetch);
        if (r < 0)
                fail_errno(attempt, "fetch", r);
}

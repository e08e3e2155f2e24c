/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/names.h"
#include "base/text.h"
#include "daemon/pipeline/files/build-key.h"
#include "daemon/pipeline/files/disk-space.h"
#include "daemon/pipeline/files/release.h"
#include "daemon/pipeline/flow/attempt.h"
#include "daemon/pipeline/flow/release-record.h"
#include "daemon/pipeline/flow/step.h"
#include "daemon/pipeline/flow/warning.h"
#include "daemon/pipeline/jobs/build.h"
#include "daemon/pipeline/jobs/fetch.h"
#include "daemon/pipeline/jobs/sandbox-probe.h"
#include "daemon/pipeline/upkeep/purge.h"

/* The tree of a commit becomes that of a release. */

/* Nothing tells that a disk is filling. A disk that takes a gigabyte a second has its floor left then. */
#define LOOK_USEC (USEC_PER_SEC / 2)

static void on_built(void *userdata, const Ticket *answer, const char *failure)
{
        Attempt *attempt = userdata;
        const char *buildpack;

        if (failure) {
                attempt_handle(attempt->pipeline, attempt->deployment, FLOW_FAILED, failure);
                return;
        }
        warning_add_answer(attempt->deployment, answer);
        buildpack = text_or_empty(ticket_get(answer, "buildpack"));
        /* Nobody found anything to build: the tree stands as it came. */
        if (strcmp(buildpack, BUILDPACK_NONE) == 0)
                step_import(attempt, attempt->tar_fd, NULL);
        else if (text_replace(&attempt->buildpack, buildpack) < 0)
                attempt_fail_errno(attempt, "build", -ENOMEM);
        else
                step_import(attempt, attempt->built_fd, answer);
        attempt->build = helper_free(attempt->build);
}

/* Whether it may begin now; if it never may, the deployment fails. */
static bool may_build(Attempt *attempt)
{
        _cleanup_free_ char *sentence = NULL;
        int r = sandbox_probe_allow_build(attempt->pipeline, &sentence);

        if (r > 0 && purge_has_build_cache(attempt->pipeline, attempt->deployment->app)) {
                attempt_set_text(attempt->deployment, "waiting: the build cache is being removed", -1);
                return false;
        }
        if (r == 0)
                attempt_set_text(attempt->deployment, "waiting: the limits of this machine are being tried",
                                 -1);
        else if (r == -EACCES)
                attempt_handle(attempt->pipeline, attempt->deployment, FLOW_FAILED, sentence);
        else if (r < 0)
                attempt_fail_errno(attempt, "build", r);
        return r > 0;
}

static void watch_space(Pipeline *pipeline);

/* Whatever else fills the disk: builds are ended when too little is left. */
static int step_build_on_look(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
        Pipeline *pipeline = userdata;
        _cleanup_free_ char *sentence = NULL;
        Deployment *deployment, *next;
        bool building = false;

        pipeline->space_look = sd_event_source_disable_unref(pipeline->space_look);
        if (disk_space_check(pipeline, &sentence) < 0) {
                pipeline_oom(pipeline);
                return 0;
        }
        LIST_FOREACH_SAFE (deployments, deployment, next, pipeline->model->deployments) {
                if (deployment->status != DEPLOYMENT_BUILDING)
                        continue;
                building = true;
                if (sentence)
                        attempt_handle(pipeline, deployment, FLOW_FAILED, sentence);
        }
        if (building)
                watch_space(pipeline);
        return 0;
}

static void watch_space(Pipeline *pipeline)
{
        if (pipeline->space_look)
                return;
        if (sd_event_add_time_relative(pipeline->params.event, &pipeline->space_look, CLOCK_MONOTONIC,
                                       LOOK_USEC, 0, step_build_on_look, pipeline) < 0)
                pipeline_fatal(pipeline, "a timer could not be set");
}

static void step_build_start(Attempt *attempt)
{
        Pipeline *pipeline = attempt->pipeline;
        _cleanup_close_ int to = -1;
        int r;

        if (!may_build(attempt))
                return;
        attempt_set_text(attempt->deployment, "building", -1);
        attempt->built_fd = release_spool();
        r = attempt->built_fd < 0
                    ? attempt->built_fd
                    : build_key_make(attempt->deployment, attempt->submodules, &attempt->build_key);
        if (r >= 0)
                to = r = fd_reopen(attempt->built_fd, O_WRONLY);
        if (r >= 0)
                r = build_new(pipeline,
                              &(BuildParams){ .deployment = attempt->deployment,
                                              .source_fd = attempt->tar_fd,
                                              .tar_fd = to,
                                              .done = on_built,
                                              .text = attempt_on_text,
                                              .userdata = attempt },
                              &attempt->build);
        if (r < 0)
                attempt_fail_errno(attempt, "build", r);
        else
                watch_space(pipeline);
}

void step_build_poll(_unused_ Pipeline *pipeline, Deployment *deployment)
{
        Attempt *attempt = deployment->step;

        if (attempt && !attempt->moving && !attempt->judging && !attempt->fetch && !attempt->build &&
            !attempt->import && attempt->built_fd < 0 && attempt->tar_fd >= 0)
                step_build_start(attempt);
}

static void on_fetched_again(void *userdata, _unused_ const Ticket *answer, const char *failure)
{
        Attempt *attempt = userdata;

        if (failure) {
                attempt_handle(attempt->pipeline, attempt->deployment, FLOW_FAILED, failure);
                return;
        }
        attempt->submodules = fetch_has_submodules(attempt->fetch);
        attempt->fetch = fetch_free(attempt->fetch);
        step_build_start(attempt);
}

void step_build_enter(Pipeline *pipeline, Deployment *deployment)
{
        Attempt *attempt = attempt_of(pipeline, deployment);
        int r;

        if (!attempt)
                return pipeline_oom(pipeline);
        if (deployment->release_id != 0)
                return release_record_go_on(pipeline, deployment);
        if (attempt->tar_fd >= 0)
                return step_build_start(attempt);
        /* The daemon was restarted, and the tree was lost with the one before. It is in the mirror. */
        r = step_fetch_tree(attempt, deployment->revision, /* mirror_only= */ true, on_fetched_again,
                            attempt_on_text);
        if (r < 0)
                attempt_fail_errno(attempt, "fetch", r);
}

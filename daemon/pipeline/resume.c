/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/resume.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "daemon/model/unit-name.h"
#include "daemon/pipeline/files/credential.h"
#include "daemon/pipeline/files/environment.h"
#include "daemon/pipeline/files/lost-release.h"
#include "daemon/pipeline/files/ownership.h"
#include "daemon/pipeline/flow/attempt.h"
#include "daemon/pipeline/flow/queue.h"
#include "daemon/pipeline/jobs/build.h"
#include "daemon/pipeline/jobs/reap.h"
#include "daemon/pipeline/jobs/release-remove.h"
#include "daemon/pipeline/jobs/sandbox-probe.h"
#include "daemon/pipeline/rebuild.h"
#include "daemon/pipeline/upkeep/archive.h"
#include "daemon/pipeline/upkeep/purge.h"
#include "daemon/pipeline/upkeep/release-gc.h"
#include "daemon/pipeline/upkeep/retention.h"
#include "daemon/pipeline/upkeep/unpublish.h"

/* Units that end do so within their stop timeout, and those that nobody knows are few. Nobody should wait
 * for the others before anything can be asked for. */
#define PATIENCE_USEC (10 * USEC_PER_SEC)

/* Whether a row says that the instance of an app's unit should run. */
static bool is_wanted_instance(const Deployment *deployment, const char *name)
{
        if (!deployment || (deployment->status == DEPLOYMENT_LIVE && deployment->app->stopped) ||
            deployment->status < DEPLOYMENT_STARTING || deployment->status > DEPLOYMENT_LIVE)
                return false;
        return deployment_instance(deployment, name) != NULL;
}

/* Whether a unit is taken back. Another is work that is done again from its beginning, or its owner is gone.
 */
static bool is_wanted(const Pipeline *pipeline, const char *name, const UnitName *parsed)
{
        const Deployment *deployment = model_deployment(pipeline->model, parsed->id);

        switch (unit_kind_row(parsed->kind)->resume) {
        case UNIT_RESUME_INSTANCE:
                return is_wanted_instance(deployment, name);
        case UNIT_RESUME_WHILE_RELEASING:
                return deployment && deployment->status == DEPLOYMENT_RELEASING;
        case UNIT_RESUME_NEVER:
        case UNIT_RESUME_UNSET:
        case UNIT_RESUME_MAX:
                break;
        }
        return false;
}

static bool is_listed(char *const *names, const char *unit)
{
        for (; *names; names++)
                if (strcmp(*names, unit) == 0)
                        return true;
        return false;
}

/* What should run and is not there. Whether somebody has stopped it, keeper_resume() finds out. */
static void find_missing(Pipeline *pipeline, char *const *names)
{
        Deployment *deployment;
        Instance *instance;

        LIST_FOREACH (deployments, deployment, pipeline->model->deployments)
                LIST_FOREACH (instances, instance, deployment->instances)
                        instance->missing = !is_listed(names, instance->unit);
}

/* The release directories that rows know, and those of deployments that may have got so far. */
static bool keep_release(Pipeline *pipeline, uint64_t id)
{
        const Deployment *deployment = model_deployment(pipeline->model, id);

        return deployment && deployment->release_id == id &&
               (deployment_status_is_unfinished(deployment->status) ||
                deployment->status == DEPLOYMENT_LIVE || deployment->status == DEPLOYMENT_SUPERSEDED);
}

/* What runs, or is about to. */
static void enter_running(Pipeline *pipeline, Deployment *deployment)
{
        _cleanup_free_ char *sentence = NULL;

        if (!lost_release_is(deployment)) {
                /* Its step begins again, with a unit of the same name: resume_late() goes on. */
                if (deployment->status != DEPLOYMENT_LIVE &&
                    reap_is_pending_for_deployment(pipeline, deployment->id)) {
                        attempt_set_text(deployment, "waiting for a unit of an earlier run to end", -1);
                        return;
                }
                return attempt_enter(pipeline, deployment);
        }
        if (deployment->status == DEPLOYMENT_LIVE)
                return;
        sentence = lost_release_describe(deployment);
        attempt_fail(pipeline, deployment, "%s", text_or_empty(sentence));
}

/* Enters every status that was left in the middle. An ended deployment with instances has not been cleaned
 * up. */
static void enter_all(Pipeline *pipeline)
{
        Deployment *deployment, *next;

        LIST_FOREACH_SAFE (deployments, deployment, next, pipeline->model->deployments)
                if (deployment_status_is_running(deployment->status) ||
                    deployment->status == DEPLOYMENT_LIVE)
                        enter_running(pipeline, deployment);
                else if (deployment_status_is_finished(deployment->status) &&
                         (deployment->instances || (deployment->status != DEPLOYMENT_SUPERSEDED &&
                                                    deployment->release_id == deployment->id)))
                        attempt_enter(pipeline, deployment);
        LIST_FOREACH_SAFE (deployments, deployment, next, pipeline->model->deployments)
                if (deployment_status_is_finished(deployment->status))
                        archive_begin(pipeline, deployment);
}

void resume_late(Pipeline *pipeline, uint64_t id)
{
        Deployment *deployment = model_deployment(pipeline->model, id);

        if (pipeline->resumed && deployment && !deployment->step &&
            deployment_status_is_running(deployment->status))
                enter_running(pipeline, deployment);
}

static void resume_go_on(Pipeline *pipeline)
{
        pipeline->resuming = false;
        pipeline->resumed = true;
        pipeline->resume_patience = sd_event_source_disable_unref(pipeline->resume_patience);
        /* The last program of a build wants its files. What else is left is found at the next start. */
        if (!reap_is_pending_for_name(pipeline, UNIT_BUILD, "")) {
                environment_sweep(pipeline->model);
                build_sweep();
        }
        purges_sweep(pipeline);
        retention_resume(pipeline);
        enter_all(pipeline);
        release_gc_all(pipeline);
        unpublish_poll(pipeline);
        queue_poll(pipeline);
        pipeline->on_resumed(pipeline->on_resumed_userdata, 0);
        sandbox_probe_poll(pipeline);
        rebuild_lost(pipeline);
}

void resume_poll(Pipeline *pipeline)
{
        if (pipeline->resuming && !pipeline->reaps)
                resume_go_on(pipeline);
}

static int resume_on_patience(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
        Pipeline *pipeline = userdata;
        _cleanup_free_ char *units = reaps_describe(pipeline);

        log_warning("Going on without waiting any longer for units that do not end: %s; see 'systemctl "
                    "status' of each",
                    text_or_empty(units));
        resume_go_on(pipeline);
        return 0;
}

/* Whose unit it is, as its name says. */
static ReapOwner owner_of(const Pipeline *pipeline, const UnitName *name)
{
        const Repository *repository;

        switch (unit_kind_row(name->kind)->owner) {
        case UNIT_OWNER_INSTANCE:
        case UNIT_OWNER_DEPLOYMENT:
                return (ReapOwner){ .deployment = name->id };
        case UNIT_OWNER_REPOSITORY:
                repository = model_repository(pipeline->model, name->name);
                return (ReapOwner){ .repository = repository ? repository->id : 0 };
        case UNIT_OWNER_NOBODY:
        case UNIT_OWNER_UNSET:
        case UNIT_OWNER_MAX:
                break;
        }
        return (ReapOwner){};
}

/* Trials of an earlier run of the daemon would be taken for those that begin now. */
static void resume_end_trials(Pipeline *pipeline, char *const *names)
{
        for (; *names; names++) {
                _cleanup_unit_name_ UnitName parsed = {};

                if (unit_name_parse(*names, &parsed) >= 0 && parsed.kind == UNIT_LIMIT)
                        reap_unit(pipeline, *names, (ReapOwner){});
        }
}

static void resume_on_listed(void *userdata, int error, char *const *names)
{
        Pipeline *pipeline = userdata;
        int r;

        pipeline->listing = NULL;
        if (error < 0) {
                pipeline->on_resumed(pipeline->on_resumed_userdata, error);
                return;
        }
        r = ownership_judge(pipeline, names);
        if (r == 0)
                r = ownership_settle(pipeline);
        if (r < 0)
                log_error("Whether the apps here are those of the database cannot be told: %s",
                          strerror(-r));
        if (r > 0) {
                pipeline->on_resumed(pipeline->on_resumed_userdata, 0);
                resume_end_trials(pipeline, names);
                sandbox_probe_poll(pipeline);
                return;
        }
        if (r < 0) {
                pipeline->on_resumed(pipeline->on_resumed_userdata, r);
                return;
        }
        find_missing(pipeline, names);
        for (; *names; names++) {
                _cleanup_unit_name_ UnitName parsed = {};
                _cleanup_free_ char *app = NULL;

                if (slice_name_parse(*names, &app) >= 0) {
                        purge_slice(pipeline, app);
                        continue;
                }
                r = unit_name_parse(*names, &parsed);
                if (r == -ENOMEM)
                        return pipeline_oom(pipeline);
                if (r < 0 || is_wanted(pipeline, *names, &parsed))
                        continue;
                log_info("Unit %s belongs to nothing that is under way: stopping it", *names);
                reap_unit(pipeline, *names, owner_of(pipeline, &parsed));
        }
        r = release_sweep(pipeline, keep_release);
        if (r < 0)
                log_warning("Cannot look through the release directories, ignoring: %s", strerror(-r));
        pipeline->resuming = true;
        r = sd_event_add_time_relative(pipeline->params.event, &pipeline->resume_patience, CLOCK_MONOTONIC,
                                       PATIENCE_USEC, 0, resume_on_patience, pipeline);
        if (r < 0)
                return pipeline_fatal(pipeline, "a timer could not be set");
        resume_poll(pipeline);
}

int pipeline_resume(Pipeline *pipeline, void (*resumed)(void *userdata, int error), void *userdata)
{
        assert(pipeline);
        assert(resumed);
        assert(!pipeline->resumed && !pipeline->resuming);

        credential_look_all(pipeline->model);
        pipeline->on_resumed = resumed;
        pipeline->on_resumed_userdata = userdata;
        return units_list(pipeline->units, resume_on_listed, pipeline, &pipeline->listing);
}

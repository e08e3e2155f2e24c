/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/dbus/fake-pipeline.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/names.h"
#include "base/text.h"
#include "daemon/model/app.h"
#include "daemon/model/deployment.h"
#include "daemon/model/repository.h"

/* Remembers the call; negative if it is to be refused. */
int fake_pipeline_note(Pipeline *pipeline, sd_bus_error *reterr, const char *format, ...)
{
        _cleanup_free_ char *line = NULL;
        char *all;
        va_list arguments;
        int r;

        va_start(arguments, format);
        r = vasprintf(&line, format, arguments);
        va_end(arguments);
        assert(r >= 0);
        all = text_format("%s%s\n", text_or_empty(pipeline->asked), line);
        assert(all);
        free(pipeline->asked);
        pipeline->asked = all;
        pipeline->n_asked++;
        if (pipeline->error_now)
                return sd_bus_error_setf(reterr, pipeline->error_now, "refused by the fake");
        return 0;
}

int fake_pipeline_end(Pipeline *pipeline, const Call *call, uint64_t id)
{
        if (pipeline->hold) {
                assert(pipeline->n_held < FAKE_HELD_MAX);
                pipeline->held[pipeline->n_held].call = *call;
                pipeline->held[pipeline->n_held++].id = id;
                return 0;
        }
        if (pipeline->error_later) {
                const sd_bus_error error =
                        SD_BUS_ERROR_MAKE_CONST(pipeline->error_later, "failed in the fake");

                call->done(call->userdata, &error, 0);
        } else
                call->done(call->userdata, NULL, id);
        return 0;
}

void fake_pipeline_release(Pipeline *pipeline)
{
        pipeline->hold = false;
        for (size_t i = 0; i < pipeline->n_held; i++)
                if (pipeline->held[i].history_done)
                        pipeline->held[i].history_done(pipeline->held[i].history_userdata, NULL,
                                                       pipeline->records, pipeline->n_records);
                else
                        (void) fake_pipeline_end(pipeline, &pipeline->held[i].call, pipeline->held[i].id);
        memset(pipeline->held, 0, sizeof(pipeline->held));
        pipeline->n_held = 0;
}

void fake_pipeline_done(Pipeline *pipeline)
{
        free(pipeline->asked);
        pipeline->asked = NULL;
}

int repository_fetch(Pipeline *pipeline, Repository *repository, const Call *call, sd_bus_error *reterr)
{
        int r = fake_pipeline_note(pipeline, reterr, "repository_fetch %s uid=%u", repository->name,
                                   call->uid);

        return r < 0 ? r : fake_pipeline_end(pipeline, call, 0);
}

/* A verb that sets one text, which is noted in the form. */
#define SET_TEXT(verb, member, form)                                                             \
        int verb(Pipeline *pipeline, Repository *repository, const char *text, const Call *call, \
                 sd_bus_error *reterr)                                                           \
        {                                                                                        \
                int r = fake_pipeline_note(pipeline, reterr, #verb form, repository->name, text, \
                                           call->uid);                                           \
                if (r < 0)                                                                       \
                        return r;                                                                \
                assert(text_replace(&repository->member, text) >= 0);                            \
                model_changed_repository(pipeline->model, repository);                           \
                return fake_pipeline_end(pipeline, call, 0);                                     \
        }
SET_TEXT(repository_set_default_branch, default_branch, " %s [%s] uid=%u")
SET_TEXT(repository_set_submodules, submodules, " %s %s uid=%u")

int repository_remove(Pipeline *pipeline, Repository *repository, const Call *call, sd_bus_error *reterr)
{
        int r = fake_pipeline_note(pipeline, reterr, "repository_remove %s uid=%u", repository->name,
                                   call->uid);

        if (r < 0)
                return r;
        model_remove_repository(pipeline->model, repository);
        return fake_pipeline_end(pipeline, call, 0);
}

static int note_settings(Pipeline *pipeline, const char *what, const char *name, const AppSettings *settings,
                         const Call *call, sd_bus_error *reterr)
{
        _cleanup_free_ char **formation = formation_format(&settings->formation), *all = strdup("");

        assert(formation && all);
        for (char **text = formation; *text; text++) {
                _cleanup_free_ char *before = all;

                all = text_format("%s%s%s", before, before[0] ? " " : "", *text);
                assert(all);
        }
        return fake_pipeline_note(pipeline, reterr,
                                  "%s %s %s [%s] [%s] %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
                                  " [%s] [%s] %s [%s] %" PRIu64 " %" PRIu64 " %s [%s] {%s} uid=%u",
                                  what, name, settings->access_mode, settings->branch, settings->directory,
                                  settings->stop_timeout_usec, settings->memory_max, settings->tasks_max,
                                  settings->cpu_quota_usec, settings->buildpack, settings->build_command,
                                  settings->readiness, settings->health_check_path,
                                  settings->health_check_timeout_usec, settings->check_settle_usec,
                                  settings->writable_tree, settings->persist, all, call->uid);
}

int app_create(Pipeline *pipeline, const char *name, Repository *repository, const AppSettings *settings,
               const char *data, const Call *call, sd_bus_error *reterr)
{
        int r = note_settings(pipeline, "app_create", name, settings, call, reterr);
        App *app;

        if (r >= 0 && !text_is_empty(data))
                r = fake_pipeline_note(pipeline, reterr, "app_create takes %s", data);
        if (r < 0)
                return r;
        app = app_new(name, repository);
        assert(app && app_settings_copy(&app->settings, settings) >= 0);
        if (model_add_app(pipeline->model, app) < 0) {
                app_free(app);
                return sd_bus_error_setf(reterr, "org.deployd.Deploy1.Error.AlreadyExists", "there already");
        }
        return fake_pipeline_end(pipeline, call, 0);
}

int app_set(Pipeline *pipeline, App *app, const AppSettings *settings, const Call *call,
            sd_bus_error *reterr)
{
        int r = note_settings(pipeline, "app_set", app->name, settings, call, reterr);

        if (r < 0)
                return r;
        assert(app_settings_copy(&app->settings, settings) >= 0);
        model_changed_app(pipeline->model, app);
        return fake_pipeline_end(pipeline, call, 0);
}

static int note_app(Pipeline *pipeline, const char *what, const App *app, const Call *call,
                    sd_bus_error *reterr)
{
        int r = fake_pipeline_note(pipeline, reterr, "%s %s uid=%u", what, app->name, call->uid);

        return r < 0 ? r : fake_pipeline_end(pipeline, call, 0);
}

/* A call of an app that takes nothing, and returns nothing. */
#define APP_CALL(function)                                                                 \
        int function(Pipeline *pipeline, App *app, const Call *call, sd_bus_error *reterr) \
        {                                                                                  \
                return note_app(pipeline, #function, app, call, reterr);                   \
        }

APP_CALL(app_start)
APP_CALL(app_stop)
APP_CALL(app_restart)
APP_CALL(app_clear_cache)

int app_remove(Pipeline *pipeline, App *app, bool force, const Call *call, sd_bus_error *reterr)
{
        int r = fake_pipeline_note(pipeline, reterr, "app_remove %s %d uid=%u", app->name, force, call->uid);

        if (r < 0)
                return r;
        model_remove_app(pipeline->model, app);
        return fake_pipeline_end(pipeline, call, 0);
}

int deployment_create(Pipeline *pipeline, App *app, const char *revision, const char *request_id,
                      DeploymentKind kind, const Call *call, sd_bus_error *reterr)
{
        int r = fake_pipeline_note(pipeline, reterr, "deployment_create %s [%s] [%s] uid=%u%s", app->name,
                                   revision, request_id ? request_id : "none", call->uid,
                                   kind == DEPLOYMENT_REBUILD ? " rebuild" : "");
        Deployment *deployment;

        if (r < 0)
                return r;
        deployment = deployment_new(app, ++pipeline->next_id);
        assert(deployment && text_replace(&deployment->requested_revision, revision) >= 0);
        deployment->requested_by = call->uid;
        assert(model_add_deployment(pipeline->model, deployment) >= 0);
        return fake_pipeline_end(pipeline, call, deployment->id);
}

/* The live one once more. */
static uint64_t redeploy(Pipeline *pipeline, App *app, uid_t uid)
{
        Deployment *deployment = app->live ? deployment_new(app, ++pipeline->next_id) : NULL;

        if (!app->live)
                return 0;
        assert(deployment);
        deployment->requested_by = uid;
        assert(model_add_deployment(pipeline->model, deployment) >= 0);
        return deployment->id;
}

int app_redeploy(Pipeline *pipeline, App *app, const Call *call, sd_bus_error *reterr)
{
        int r = fake_pipeline_note(pipeline, reterr, "app_redeploy %s uid=%u", app->name, call->uid);

        return r < 0 ? r : fake_pipeline_end(pipeline, call, redeploy(pipeline, app, call->uid));
}

int app_rollback(Pipeline *pipeline, App *app, uint64_t to, const Call *call, sd_bus_error *reterr)
{
        int r = fake_pipeline_note(pipeline, reterr, "app_rollback %s %" PRIu64 " uid=%u", app->name, to,
                                   call->uid);

        return r < 0 ? r : fake_pipeline_end(pipeline, call, redeploy(pipeline, app, call->uid));
}

/* As a version of its own. */
static int set_environment(Pipeline *pipeline, App *app, const char *what, const Variables *environment,
                           const Call *call, sd_bus_error *reterr)
{
        _cleanup_free_ char *all = strdup("");
        int r;

        for (size_t i = 0; i < environment->n; i++) {
                char *longer = text_format("%s %s=%s", all, environment->items[i].name,
                                           environment->items[i].value);

                free(all);
                all = longer;
        }
        r = fake_pipeline_note(pipeline, reterr, "%s %s%s uid=%u", what, app->name, all, call->uid);
        if (r < 0)
                return r;
        app->environment = environment_version_new(app, ++pipeline->next_version, 0, 0, environment);
        assert(app->environment);
        model_changed_app(pipeline->model, app);
        return 0;
}

int app_set_environment(Pipeline *pipeline, App *app, const Variables *environment, const Call *call,
                        sd_bus_error *reterr)
{
        int r = set_environment(pipeline, app, "app_set_environment", environment, call, reterr);

        return r < 0 ? r : fake_pipeline_end(pipeline, call, redeploy(pipeline, app, call->uid));
}

int app_stage_environment(Pipeline *pipeline, App *app, const Variables *environment, const Call *call,
                          sd_bus_error *reterr)
{
        int r = set_environment(pipeline, app, "app_stage_environment", environment, call, reterr);

        return r < 0 ? r : fake_pipeline_end(pipeline, call, 0);
}

int deployment_cancel(Pipeline *pipeline, Deployment *deployment, const Call *call, sd_bus_error *reterr)
{
        int r = fake_pipeline_note(pipeline, reterr, "deployment_cancel %" PRIu64 " uid=%u", deployment->id,
                                   call->uid);

        if (r < 0)
                return r;
        model_set_deployment_status(pipeline->model, deployment, DEPLOYMENT_CANCELLED);
        return fake_pipeline_end(pipeline, call, 0);
}

static int give_log(Pipeline *pipeline, const char *name, uint64_t id, const Call *call,
                    sd_bus_error *reterr)
{
        _cleanup_close_ int fd = memfd_create("log", MFD_CLOEXEC);
        int r = fake_pipeline_note(pipeline, reterr, "%s %" PRIu64 " uid=%u", name, id, call->uid);

        if (r < 0)
                return r;
        assert(dprintf(fd, "the log of %" PRIu64 "\n", id) > 0 && lseek(fd, 0, SEEK_SET) == 0);
        return fake_pipeline_end(pipeline, call, (uint64_t) fd);
}

int deployment_open_log(Pipeline *pipeline, Deployment *deployment, const Call *call, sd_bus_error *reterr)
{
        return give_log(pipeline, "deployment_open_log", deployment->id, call, reterr);
}

int log_open(Pipeline *pipeline, uint64_t id, const Call *call, sd_bus_error *reterr)
{
        return give_log(pipeline, "log_open", id, call, reterr);
}

static int end_history(Pipeline *pipeline, HistoryDone done, void *userdata)
{
        if (pipeline->hold) {
                assert(pipeline->n_held < FAKE_HELD_MAX);
                pipeline->held[pipeline->n_held].history_done = done;
                pipeline->held[pipeline->n_held++].history_userdata = userdata;
                return 0;
        }
        if (pipeline->error_later) {
                const sd_bus_error error =
                        SD_BUS_ERROR_MAKE_CONST(pipeline->error_later, "failed in the fake");

                done(userdata, &error, NULL, 0);
        } else
                done(userdata, NULL, pipeline->records, pipeline->n_records);
        return 0;
}

int history_list(Pipeline *pipeline, const App *app, uint64_t before, unsigned limit, _unused_ uid_t uid,
                 HistoryDone done, void *userdata, sd_bus_error *reterr)
{
        int r = fake_pipeline_note(pipeline, reterr, "history_list %s %" PRIu64 " %u", app ? app->name : "*",
                                   before, limit);

        return r < 0 ? r : end_history(pipeline, done, userdata);
}

int history_describe(Pipeline *pipeline, uint64_t id, _unused_ uid_t uid, HistoryDone done, void *userdata,
                     sd_bus_error *reterr)
{
        int r = fake_pipeline_note(pipeline, reterr, "history_describe %" PRIu64, id);

        return r < 0 ? r : end_history(pipeline, done, userdata);
}

int pipeline_refuse_change(Pipeline *pipeline, sd_bus_error *reterr)
{
        if (pipeline->foreign)
                return sd_bus_error_set(reterr, BUS_ERROR_FOREIGN_DATA, "foreign in the fake");
        return 0;
}

static const char *const adopt_lines[] = { "the first line", "the second line", NULL };

static int on_adopted(sd_event_source *source, void *userdata)
{
        Pipeline *pipeline = userdata;

        sd_event_source_unref(source);
        pipeline->adopted(pipeline->adopted_userdata, NULL, adopt_lines);
        return 0;
}

int pipeline_adopt(Pipeline *pipeline, bool really, AdoptDone done, void *userdata, sd_bus_error *reterr)
{
        sd_event_source *source;
        int r;

        r = fake_pipeline_note(pipeline, reterr, "adopt %s", really ? "really" : "list");
        if (r < 0)
                return r;
        if (!really) {
                done(userdata, NULL, adopt_lines);
                return 0;
        }
        pipeline->adopted = done;
        pipeline->adopted_userdata = userdata;
        return sd_event_add_defer(pipeline->event, &source, on_adopted, pipeline);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/pipeline/fixture.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/names.h"
#include "daemon/pipeline/pipeline.h"

Fixture fixture;
Answer answer;

static const char *const hidden[] = { "/var/lib", "/var/cache", "/run" };
static const char *const directories[] = {
        PATH_STATE,         PATH_RELEASES, PATH_SPOOL, PATH_LOGS,
        "/var/lib/private", PATH_APP_DATA, PATH_RUN,   PATH_ENVIRONMENT,
};

/* The machine's own state is out of sight: directories in memory are there instead, of this process alone. A
 * second time they are empty, for others lie above the first. */
static void make_directories(void)
{
        for (size_t i = 0; i < ELEMENTSOF(hidden); i++)
                cr_assert_eq(mount("tmpfs", hidden[i], "tmpfs", 0, NULL), 0, "%s: %m", hidden[i]);
        for (size_t i = 0; i < ELEMENTSOF(directories); i++)
                cr_assert_eq(mkdir(directories[i], 0755), 0, "%s: %m", directories[i]);
}

static const Config *get_config(_unused_ void *userdata)
{
        return fixture.config;
}

static void on_fatal(_unused_ void *userdata, const char *sentence)
{
        if (!fixture.fatal)
                fixture.fatal = strdup(sentence);
}

static void on_sandbox_known(_unused_ void *userdata)
{
}

static void on_resumed(_unused_ void *userdata, int error)
{
        cr_assert_eq(error, 0);
        fixture.resumed = true;
}

static void on_ingress_changed(_unused_ void *userdata)
{
        pipeline_ingress_changed(fixture.pipeline);
}

static void make_pipeline(void)
{
        const PipelineParams params = {
                .event = loop,
                .model = fixture.model,
                .store = (Store *) &fake_store,
                .units = (Units *) &fake_units,
                .engine = &engine_local,
                .probe = (ProbeClient *) &fake_probe,
                .ingress = (Ingress *) &fake_ingress,
                .config = get_config,
                .fatal = on_fatal,
                .sandbox_known = on_sandbox_known,
        };

        cr_assert_eq(pipeline_new(&params, &fixture.pipeline), 0);
        fixture.resumed = false;
        cr_assert_eq(pipeline_resume(fixture.pipeline, on_resumed, NULL), 0);
        loop_run();
        cr_assert(fixture.resumed);
        cr_assert_null(pipeline_attention(fixture.pipeline), "%s", pipeline_attention(fixture.pipeline));
}

static void make_model(void)
{
        Repository *repository = repository_new("goods");

        fixture.model = model_new();
        cr_assert(fixture.model && repository);
        fixture.model->installation = (InstallationRow){
                .id = SD_ID128_MAKE(6b, 0e, 5b, 55, c2, 5b, 4f, 4a, 9c, ab, e1, b1, 4c, 55, 6a, 21),
                .last_app = 1,
                .last_deployment = 1000,
                .last_repository = 1,
        };
        repository->id = 1;
        cr_assert_eq(text_replace(&repository->git_url, "https://git.example/goods.git"), 0);
        cr_assert_eq(model_add_repository(fixture.model, repository), 0);
        fixture.app = app_new("shop", repository);
        cr_assert(fixture.app);
        fixture.app->id = 1;
        fixture.app->port = 30000;
        fixture.app->status = APP_NEW;
        cr_assert_eq(text_replace(&fixture.app->settings.buildpack, BUILDPACK_NONE), 0);
        cr_assert_eq(model_add_app(fixture.model, fixture.app), 0);
}

static void begin(void)
{
        _cleanup_free_ char *error = NULL;

        make_directories();
        loop_start();
        make_model();
        cr_assert_eq(config_load("/nowhere/deploy.conf", &fixture.config, &error), 0, "%s", error);
        fixture.config->min_free_space = 0;
        fixture.config->require_sandbox = false;
        fake_store_start();
        fake_units_start();
        fake_requests_start(fixture.model, on_ingress_changed, NULL);
        make_pipeline();
}

/* In the order of daemon/manager.c. */
static void end_pipeline(void)
{
        fake_store_end();
        pipeline_free(fixture.pipeline);
}

static void end(void)
{
        end_pipeline();
        fake_requests_end();
        fake_units_end();
        loop_end();
        model_free(fixture.model);
        config_free(fixture.config);
        free(fixture.fatal);
        fixture = (Fixture){};
}

void fixture_set_up(void)
{
        cr_assert_eq(unshare(CLONE_NEWNS), 0, "%m");
        cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0, "%m");
        begin();
}

void fixture_tear_down(void)
{
        end();
}

void fixture_reset(void)
{
        end();
        begin();
}

/* What the database does not have of an instance. */
static void forget_instance(Instance *instance)
{
        instance->control_group_id = 0;
        instance->by_hand = instance->pausing = instance->given_up = instance->leaving = false;
        instance->n_tries = 0;
        instance->restart = RESTART_NOT;
        instance->route = ROUTE_NONE;
        instance->drain_deadline = 0;
}

void fixture_restart(void)
{
        Deployment *deployment;
        Instance *instance;

        end_pipeline();
        LIST_FOREACH (deployments, deployment, fixture.model->deployments) {
                cr_assert_eq(text_replace(&deployment->status_text, ""), 0);
                deployment->progress = -1;
                deployment->settles_at = deployment->waits_for = deployment->chosen = 0;
                deployment->grows = deployment->release_goes = false;
                LIST_FOREACH (instances, instance, deployment->instances)
                        forget_instance(instance);
        }
        make_pipeline();
}

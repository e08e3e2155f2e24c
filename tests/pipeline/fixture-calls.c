/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "daemon/pipeline/call.h"
#include "tests/pipeline/fixture.h"

#include "daemon/model/unit-name.h"

static uintptr_t n_calls;

static void on_answer(void *userdata, const sd_bus_error *error, uint64_t id)
{
        const char *word = error ? strrchr(error->name, '.') + 1 : "";

        if ((uintptr_t) userdata != n_calls)
                return;
        cr_assert(!answer.done, "a call is answered twice");
        answer.done = true;
        answer.id = id;
        (void) snprintf(answer.error, sizeof(answer.error), "%s", word);
}

Call answer_call(void)
{
        answer = (Answer){};
        return (Call){ .uid = 0, .done = on_answer, .userdata = (void *) ++n_calls };
}

/* The loop runs; a call that was refused at once is answered, too. */
static void finish(int r, sd_bus_error *error)
{
        if (r < 0) {
                cr_assert(sd_bus_error_is_set(error), "%s", strerror(-r));
                on_answer((void *) n_calls, error, 0);
        }
        sd_bus_error_free(error);
        loop_run();
}

static Deployment *deploy_as(DeploymentKind kind)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        Call call = answer_call();

        finish(deployment_create(fixture.pipeline, fixture.app, "", NULL, kind, &call, &error), &error);
        cr_assert(answer.done && answer.error[0] == '\0', "%s", answer.error);
        return model_deployment(fixture.model, answer.id);
}

Deployment *fixture_deploy(void)
{
        return deploy_as(DEPLOYMENT_DEPLOY);
}

Deployment *fixture_rebuild(void)
{
        return deploy_as(DEPLOYMENT_REBUILD);
}

Deployment *fixture_redeploy(void)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        Call call = answer_call();

        finish(app_redeploy(fixture.pipeline, fixture.app, &call, &error), &error);
        cr_assert(answer.done && answer.error[0] == '\0', "%s", answer.error);
        return model_deployment(fixture.model, answer.id);
}

Deployment *fixture_rollback(uint64_t to)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        Call call = answer_call();

        finish(app_rollback(fixture.pipeline, fixture.app, to, &call, &error), &error);
        return answer.error[0] == '\0' ? model_deployment(fixture.model, answer.id) : NULL;
}

Deployment *fixture_set_variable(const char *name, const char *value)
{
        _cleanup_variables_ Variables variables = {};
        sd_bus_error error = SD_BUS_ERROR_NULL;
        Call call = answer_call();

        cr_assert_eq(variables_copy(&variables, app_variables(fixture.app)), 0);
        cr_assert_eq(variables_set(&variables, name, value), 0);
        finish(app_set_environment(fixture.pipeline, fixture.app, &variables, &call, &error), &error);
        cr_assert(answer.done && answer.error[0] == '\0', "%s", answer.error);
        return model_deployment(fixture.model, answer.id);
}

Deployment *fixture_deploy_other(const char *name)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        Call call = answer_call();
        App *app = app_new(name, fixture.app->repository);

        cr_assert(app);
        app->id = fixture.app->id + 1;
        cr_assert_eq(text_replace(&app->settings.buildpack, fixture.app->settings.buildpack), 0);
        cr_assert_eq(model_add_app(fixture.model, app), 0);
        finish(deployment_create(fixture.pipeline, app, "", NULL, DEPLOYMENT_DEPLOY, &call, &error), &error);
        cr_assert(answer.done && answer.error[0] == '\0', "%s", answer.error);
        return model_deployment(fixture.model, answer.id);
}

void fixture_cancel(Deployment *deployment)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        Call call = answer_call();

        finish(deployment_cancel(fixture.pipeline, deployment, &call, &error), &error);
}

void fixture_stop(void)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        Call call = answer_call();

        finish(app_stop(fixture.pipeline, fixture.app, &call, &error), &error);
}

void fixture_start(void)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        Call call = answer_call();

        finish(app_start(fixture.pipeline, fixture.app, &call, &error), &error);
}

void fixture_restart_app(void)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        Call call = answer_call();

        finish(app_restart(fixture.pipeline, fixture.app, &call, &error), &error);
}

void fixture_clear_cache(void)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        Call call = answer_call();

        finish(app_clear_cache(fixture.pipeline, fixture.app, &call, &error), &error);
}

void fixture_remove(bool force)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        Call call = answer_call();

        finish(app_remove(fixture.pipeline, fixture.app, force, &call, &error), &error);
}

void fixture_scale(const char *process, unsigned count)
{
        _cleanup_(app_settings_clear) AppSettings settings = {};
        sd_bus_error error = SD_BUS_ERROR_NULL;
        Call call = answer_call();

        cr_assert_eq(app_settings_copy(&settings, &fixture.app->settings), 0);
        cr_assert_eq(formation_set(&settings.formation, process, count), 0);
        finish(app_set(fixture.pipeline, fixture.app, &settings, &call, &error), &error);
        cr_assert(answer.done && answer.error[0] == '\0', "%s", answer.error);
}

Deployment *fixture_go_live(void)
{
        Deployment *deployment = fixture_deploy();

        loop_advance(fixture.config->check_settle);
        status_is(deployment, "live");
        return deployment;
}

Instance *fixture_instance(const Deployment *deployment, const char *dyno)
{
        Instance *instance, *found = NULL;

        LIST_FOREACH (instances, instance, deployment->instances) {
                _cleanup_free_ char *name = instance_dyno(instance);

                if (name && strcmp(name, dyno) == 0)
                        found = instance;
        }
        cr_assert(found, "deployment %llu has no %s", (unsigned long long) deployment->id, dyno);
        return found;
}

const char *fixture_unit(const Deployment *deployment, const char *dyno)
{
        return fixture_instance(deployment, dyno)->unit;
}

const char *fixture_job(UnitKind kind, uint64_t id)
{
        static char *name;

        free(name);
        name = unit_name_make(kind, kind == UNIT_FETCH || kind == UNIT_RESOLVE ? "goods" : "shop", id, NULL,
                              0);
        cr_assert(name);
        return name;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/flow/release-record.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "daemon/model/validate.h"
#include "daemon/pipeline/files/app-json-variables.h"
#include "daemon/pipeline/files/formation-plan.h"
#include "daemon/pipeline/flow/warning.h"

/* A release on its way into the database, and what its app.json sets. It refers to the deployment by its id:
 * an app may be removed meanwhile. */
typedef struct Record {
        Pipeline *pipeline;
        uint64_t deployment, release_id, version;
        Release *release; /* NULL = that of another deployment */
        Variables variables;
} Record;

static void release_record_free(void *userdata)
{
        Record *record = userdata;

        release_free(record->release);
        variables_clear(&record->variables);
        free(record);
}

void release_record_go_on(Pipeline *pipeline, Deployment *deployment)
{
        const Release *release = deployment_release(deployment);
        bool command = release && release_has_process(release, PROCESS_RELEASE);

        attempt_handle(pipeline, deployment, command ? FLOW_COMMAND : FLOW_DONE, NULL);
}

/* As store_environment_default() has it: a version of its own, and what was set since has the defaults, too.
 */
static int learn_variables(const Record *record, Deployment *deployment)
{
        App *app = deployment->app;
        EnvironmentVersion *own = environment_version_find(app, record->version),
                           *used = deployment->environment;
        EnvironmentVersion *later;
        int r = 0;

        if (record->variables.n == 0)
                return 0;
        if (!own)
                own = environment_version_new(app, record->version, used ? used->id : 0, deployment->id,
                                              used ? &used->variables : NULL);
        if (!own)
                return -ENOMEM;
        later = app->environment == used || app->environment == own ||
                                (app->live && app->live->environment == app->environment)
                        ? NULL
                        : app->environment;
        for (size_t i = 0; r >= 0 && i < record->variables.n; i++) {
                const Variable *variable = &record->variables.items[i];

                if (!variables_get(&own->variables, variable->name))
                        r = variables_take(&own->variables, variable->name, variable->value);
                if (r >= 0 && later && !variables_get(&later->variables, variable->name))
                        r = variables_take(&later->variables, variable->name, variable->value);
        }
        if (app->environment == used)
                app->environment = own;
        deployment->environment = own;
        model_changed_app(record->pipeline->model, app);
        return r;
}

/* Answered before the release is. */
static void on_defaults(void *userdata, int error, const StoreReply *reply)
{
        Record *record = userdata;

        if (error >= 0)
                record->version = reply->number;
        /* Its app may have been removed meanwhile. */
        else if (model_deployment(record->pipeline->model, record->deployment))
                pipeline_fatal(record->pipeline, "The values of app.json could not be recorded");
}

static void on_recorded(void *userdata, int error, const StoreReply *reply)
{
        Record *record = userdata;
        Pipeline *pipeline = record->pipeline;
        Deployment *deployment = model_deployment(pipeline->model, record->deployment);

        /* Its values were refused: the daemon is about to end. */
        if (record->variables.n > 0 && record->version == 0)
                deployment = NULL;
        if (deployment && error == -EBUSY && !record->release) {
                /* It was forgotten at the same moment: then it is built once more. */
                (void) text_replace(&deployment->image_tag, "");
                attempt_handle(pipeline, deployment, FLOW_BUILD, NULL);
        } else if (deployment && error < 0)
                attempt_fail(pipeline, deployment, "the release could not be recorded: %s",
                             reply->sentence[0] ? reply->sentence : strerror(-error));
        else if (deployment && learn_variables(record, deployment) < 0)
                pipeline_oom(pipeline);
        else if (deployment) {
                deployment->release_id = record->release_id;
                if (record->release) {
                        release_free(deployment->release);
                        deployment->release = TAKE_PTR(record->release);
                }
                model_changed_deployment(pipeline->model, deployment);
                release_record_go_on(pipeline, deployment);
        }
        release_record_free(record);
}

/* Takes `release` and what is in `variables`. The requests keep their order: who is told of the last knows
 * of both. */
static void release_record_new(Attempt *attempt, uint64_t release_id, StoreRelease *made, Release *release,
                               Variables *variables)
{
        Pipeline *pipeline = attempt->pipeline;
        Record *record = calloc(1, sizeof(Record));
        StoreAsk ask = { STORE_DEPLOYD, USEC_INFINITY, on_recorded, record, release_record_free };
        StoreAsk first = { STORE_DEPLOYD, USEC_INFINITY, on_defaults, record, NULL };
        int r = 0;

        if (!record) {
                release_free(release);
                return pipeline_oom(pipeline);
        }
        *record = (Record){ .pipeline = pipeline,
                            .deployment = attempt->deployment->id,
                            .release_id = release_id,
                            .release = release,
                            .variables = *variables };
        *variables = (Variables){};
        if (made)
                made->release = release;
        if (record->variables.n > 0)
                r = store_environment_default(pipeline->store, attempt->deployment, &record->variables,
                                              &first);
        if (r >= 0)
                r = store_deployment_set_release(pipeline->store, attempt->deployment, release_id, made,
                                                 &ask);
        if (r < 0) {
                release_record_free(record);
                pipeline_fatal(pipeline, "a change could not be sent to the database");
        }
}

static int add_process(const char *key, _unused_ const char *value, void *userdata)
{
        return formation_set(userdata, key + strlen("process."), 1);
}

static int add_count(const char *key, const char *value, void *userdata)
{
        uint64_t count;
        int r = text_to_u64(value, FORMATION_COUNT_MAX, &count);

        return r < 0 ? r : formation_set(userdata, key + strlen("formation."), (uint32_t) count);
}

/* A number that may be missing. */
static int release_record_read_number(const Ticket *answer, const char *key, uint64_t *ret)
{
        int r = ticket_get_u64(answer, key, INT64_MAX, ret);

        return r == -ENOENT ? 0 : r;
}

/* Of app.json. */
static int read_health(const Ticket *answer, HealthCheck *health)
{
        int r = text_replace(&health->path, text_or_empty(ticket_get(answer, "health.path")));

        if (r >= 0 && !health_check_path_is_valid(health->path))
                r = -EINVAL;
        if (r >= 0)
                r = release_record_read_number(answer, "health.attempts", &health->attempts);
        if (r >= 0)
                r = release_record_read_number(answer, "health.timeout-usec", &health->timeout_usec);
        return r >= 0 ? release_record_read_number(answer, "health.wait-usec", &health->wait_usec) : r;
}

/* 0, -errno. */
static int release_record_read_answer(const Ticket *answer, StoreRelease *made, Release *release)
{
        int r;

        made->digest = ticket_get(answer, "digest");
        if (!made->digest)
                return -EBADMSG;
        r = ticket_get_u64(answer, "files", INT64_MAX, &made->files);
        if (r >= 0)
                r = ticket_get_u64(answer, "bytes", INT64_MAX, &made->bytes);
        if (r >= 0)
                r = ticket_foreach(answer, "process.", add_process, &release->processes);
        if (r >= 0)
                r = ticket_foreach(answer, "formation.", add_count, &release->formation);
        return r >= 0 ? read_health(answer, &release->health) : r;
}

static void warn_of_ignored(Attempt *attempt, const char *keys)
{
        _cleanup_free_ char *sentence =
                keys ? text_format("app.json: these keys mean nothing here: %s", keys) : NULL;

        if (sentence)
                warning_add(attempt->deployment, sentence);
}

void release_record_import(Attempt *attempt, const Ticket *answer, const char *build_key,
                           const char *buildpack)
{
        Deployment *deployment = attempt->deployment;
        _cleanup_(release_freep) Release *release = release_new();
        _cleanup_variables_ Variables variables = {};
        _cleanup_free_ char *sentence = NULL, *tag = NULL;
        _cleanup_plan_ Plan plan = {};
        StoreRelease made = {};
        int r;

        assert(attempt);
        assert(answer);

        tag = deployment_make_image_tag(deployment);
        r = release && tag ? release_record_read_answer(answer, &made, release) : -ENOMEM;
        if (r >= 0)
                r = text_replace(&deployment->image_tag, tag);
        if (r >= 0)
                r = text_replace(&release->build_key, build_key);
        if (r >= 0)
                r = text_replace(&release->buildpack, buildpack);
        if (r < 0) {
                attempt_fail(attempt->pipeline, deployment, "import: its answer is not usable: %s",
                             strerror(-r));
                return;
        }
        /* What cannot be started need not be kept, nor have its release command run. */
        r = formation_plan_make(deployment, release, &plan, &sentence);
        if (r >= 0)
                r = app_json_variables_find(deployment, answer, &variables, &sentence);
        if (r < 0)
                return attempt_fail(attempt->pipeline, deployment, "%s", sentence ? sentence : strerror(-r));
        warn_of_ignored(attempt, ticket_get(answer, "ignored"));
        release_record_new(attempt, deployment->id, &made, TAKE_PTR(release), &variables);
}

void release_record_reuse(Attempt *attempt, const Deployment *builder)
{
        Variables none = {};

        assert(attempt);
        assert(builder);

        if (text_replace(&attempt->deployment->image_tag, builder->image_tag) < 0)
                return pipeline_oom(attempt->pipeline);
        release_record_new(attempt, builder->id, NULL, NULL, &none);
}

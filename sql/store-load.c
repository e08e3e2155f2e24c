/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "daemon/model/removed-app.h"
#include "sql/store-internal.h"
#include "sql/store-settings.h"

/* Several reads, one after another; the requests of a connection keep their order, so the answers come in
 * this order too. The caller is told when all have ended, of the first that failed. */

static int read_installation(StoreRequest *request, const PgResult *result, _unused_ StoreReply *reply)
{
        if (pg_result_rows(result) != 1)
                return -EBADMSG;
        request->model->installation = (InstallationRow){
                .id = pg_result_id(result, 0, 0),
                .machine = pg_result_id(result, 0, 1),
                .last_app = pg_result_u64(result, 0, 2),
                .last_deployment = pg_result_u64(result, 0, 3),
                .last_repository = pg_result_u64(result, 0, 4),
        };
        return 0;
}

static int read_removed_apps(StoreRequest *request, const PgResult *result, _unused_ StoreReply *reply)
{
        for (size_t i = 0; i < pg_result_rows(result); i++) {
                const RemovedApp row = {
                        .id = pg_result_u64(result, i, 0),
                        .name = (char *) (uintptr_t) pg_result_text(result, i, 1),
                        .removed_at = pg_result_usec(result, i, 2),
                        .keep_until = pg_result_usec(result, i, 3),
                        .removed_by = pg_result_is_null(result, i, 4)
                                              ? STORE_DEPLOYD
                                              : (int64_t) pg_result_u64(result, i, 4),
                        .last_deployment = pg_result_u64(result, i, 5),
                        .deleting = pg_result_bool(result, i, 6),
                };
                int r = removed_app_new(request->model, &row);

                if (r < 0)
                        return r;
        }
        return 0;
}

static const StoreSettings of_repository = { .table = &repository_settings, .from = "r" },
                           of_app = { .table = &app_settings, .from = "a" },
                           of_deployment = { .table = &app_settings, .from = "d", .of_deployment = true };

static int read_repositories(StoreRequest *request, const PgResult *result, _unused_ StoreReply *reply)
{
        for (size_t i = 0; i < pg_result_rows(result); i++) {
                _cleanup_(repository_freep) Repository *repository =
                        repository_new(pg_result_text(result, i, 1));
                int r;

                if (!repository)
                        return -ENOMEM;
                repository->id = pg_result_u64(result, i, 0);
                repository->last_fetched_at = pg_result_usec(result, i, 3);
                repository->created_at = pg_result_usec(result, i, 4);
                r = text_replace(&repository->head_revision, pg_result_text(result, i, 2));
                if (r >= 0)
                        r = store_settings_read(&of_repository, result, i, 5, repository);
                if (r >= 0)
                        r = model_add_repository(request->model, repository);
                if (r < 0)
                        return r;
                TAKE_PTR(repository);
        }
        return 0;
}

static int read_apps(StoreRequest *request, const PgResult *result, _unused_ StoreReply *reply)
{
        for (size_t i = 0; i < pg_result_rows(result); i++) {
                Repository *repository = model_repository(request->model, pg_result_text(result, i, 2));
                _cleanup_(app_freep) App *app = NULL;
                AppStatus status = app_status_from_string(pg_result_text(result, i, 5));
                int r;

                if (!repository || (int) status < 0)
                        return -EBADMSG;
                app = app_new(pg_result_text(result, i, 1), repository);
                if (!app)
                        return -ENOMEM;
                app->id = pg_result_u64(result, i, 0);
                app->port = (uint16_t) pg_result_u64(result, i, 3);
                app->stopped = pg_result_bool(result, i, 4);
                app->status = status;
                app->created_at = pg_result_usec(result, i, 6);
                r = store_settings_read(&of_app, result, i, 7, &app->settings);
                if (r >= 0)
                        r = model_add_app(request->model, app);
                if (r < 0)
                        return r;
                TAKE_PTR(app);
        }
        return 0;
}

/* Columns from `first` on, as the statement below has them; nothing is read where the first is null. */
static int read_release(const PgResult *result, size_t row, unsigned first, Release **ret)
{
        _cleanup_(release_freep) Release *release = release_new();
        _cleanup_free_ char **processes = NULL;
        int r;

        if (pg_result_is_null(result, row, first))
                return 0;
        if (!release)
                return -ENOMEM;
        r = pg_result_texts(result, row, first, &processes);
        for (char **process = processes; r >= 0 && *process; process++)
                r = formation_set(&release->processes, *process, 1);
        if (r >= 0)
                r = text_replace(&release->build_key, pg_result_text(result, row, first + 1));
        if (r >= 0)
                r = text_replace(&release->buildpack, pg_result_text(result, row, first + 2));
        if (r >= 0)
                r = store_formation_read(result, row, first + 3, &release->formation);
        if (r >= 0)
                r = text_replace(&release->health.path, pg_result_text(result, row, first + 4));
        release->health.attempts = pg_result_u64(result, row, first + 5);
        release->health.timeout_usec = pg_result_u64(result, row, first + 6);
        release->health.wait_usec = pg_result_u64(result, row, first + 7);
        if (r >= 0)
                *ret = TAKE_PTR(release);
        return r;
}

static int read_deployments(StoreRequest *request, const PgResult *result, _unused_ StoreReply *reply)
{
        for (size_t i = 0; i < pg_result_rows(result); i++) {
                App *app = model_app(request->model, pg_result_text(result, i, 1));
                DeploymentStatus status = deployment_status_from_string(pg_result_text(result, i, 2));
                _cleanup_(deployment_freep) Deployment *deployment = NULL;
                int r;

                if (!app || (int) status < 0)
                        return -EBADMSG;
                deployment = deployment_new(app, pg_result_u64(result, i, 0));
                if (!deployment)
                        return -ENOMEM;
                deployment->status = status;
                deployment->release_id = pg_result_u64(result, i, 6);
                deployment->created_at = pg_result_usec(result, i, 7);
                deployment->started_at = pg_result_usec(result, i, 8);
                deployment->finished_at = pg_result_usec(result, i, 9);
                deployment->requested_by = (uint32_t) pg_result_u64(result, i, 12);
                deployment->assigned_port = (uint16_t) pg_result_u64(result, i, 13);
                deployment->kind = deployment_kind_from_string(pg_result_text(result, i, 22));
                deployment->rollback_to = pg_result_u64(result, i, 23);
                deployment->environment = environment_version_find(app, pg_result_u64(result, i, 24));
                if (text_replace(&deployment->requested_revision, pg_result_text(result, i, 3)) < 0 ||
                    text_replace(&deployment->revision, pg_result_text(result, i, 4)) < 0 ||
                    text_replace(&deployment->image_tag, pg_result_text(result, i, 5)) < 0 ||
                    text_replace(&deployment->error_summary, pg_result_text(result, i, 10)) < 0 ||
                    text_replace(&deployment->error_quote, pg_result_text(result, i, 25)) < 0 ||
                    text_replace(&deployment->logs_path, pg_result_text(result, i, 11)) < 0)
                        return -ENOMEM;
                r = read_release(result, i, 14, &deployment->release);
                if (r >= 0 && status != DEPLOYMENT_QUEUED)
                        r = app_settings_init(&deployment->settings);
                if (r >= 0 && status != DEPLOYMENT_QUEUED)
                        r = store_settings_read(&of_deployment, result, i, 26, &deployment->settings);
                if (r < 0)
                        return r;
                r = model_add_deployment(request->model, deployment);
                if (r < 0)
                        return r;
                TAKE_PTR(deployment);
        }
        return 0;
}

static int read_instances(StoreRequest *request, const PgResult *result, _unused_ StoreReply *reply)
{
        for (size_t i = 0; i < pg_result_rows(result); i++) {
                Deployment *deployment = model_deployment(request->model, pg_result_u64(result, i, 0));
                uint64_t number = pg_result_u64(result, i, 2), port = pg_result_u64(result, i, 3);

                if (!deployment || number == 0)
                        return -EBADMSG;
                if (!instance_new(deployment, pg_result_text(result, i, 1), (unsigned) number,
                                  (uint16_t) port))
                        return -ENOMEM;
        }
        return 0;
}

/* A deployment is published if it has not ended, is live, has a release that is kept or instances that are
 * not gone, or ended a short while ago. Each of these is few rows with an index of their own; said with `or`
 * it would take a look at every deployment there ever was. */
#define PUBLISHED                                                                                \
        "d.id in (select id from deployment where status in ('queued', 'fetching', 'building', " \
        "           'releasing', 'starting', 'checking', 'switching') "                          \
        " union all select id from deployment where status = 'live' "                            \
        " union all select id from release "                                                     \
        " union all select deployment_id from instance "                                         \
        " union all select id from deployment where finished_at > now() - $1 * interval '1 microsecond')"

/* One row for each variable of each version, or one without a name for a version that has none. */
static int read_environment(StoreRequest *request, const PgResult *result, _unused_ StoreReply *reply)
{
        for (size_t i = 0; i < pg_result_rows(result); i++) {
                App *app = model_app(request->model, pg_result_text(result, i, 0));
                uint64_t id = pg_result_u64(result, i, 1);
                EnvironmentVersion *version;

                if (!app)
                        return -EBADMSG;
                version = environment_version_find(app, id);
                if (!version)
                        version = environment_version_new(app, id, pg_result_u64(result, i, 2),
                                                          pg_result_u64(result, i, 3), NULL);
                if (!version)
                        return -ENOMEM;
                if (pg_result_bool(result, i, 4))
                        app->environment = version;
                if (!pg_result_is_null(result, i, 5) &&
                    variables_take(&version->variables, pg_result_text(result, i, 5),
                                   pg_result_text(result, i, 6)) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* The greatest id that a table has given out. */
#define LAST(table) \
        "coalesce(pg_sequence_last_value(pg_get_serial_sequence('" table "', 'id')::regclass), 0)"

/* Statements; settings are the last columns, between both parts. */
static const struct {
        StoreRead read;
        const StoreSettings *settings; /* NULL = none */
        const char *sql, *rest;
} reads[] = {
        { read_installation, NULL,
          "select id, machine, " LAST("app") ", " LAST("deployment") ", " LAST("repository"),
          "from installation where $1 >= 0" },
        { read_removed_apps, NULL,
          "select id, name, removed_at, keep_until, removed_by::bigint, last_deployment, data = 'deleting'",
          "from removed_app where data <> 'deleted' and $1 >= 0 order by removed_at, id" },
        { read_repositories, &of_repository,
          "select r.id, r.name, r.head_revision, r.last_fetched_at, r.created_at",
          "from repository r where $1 >= 0 order by r.id" },
        { read_apps, &of_app,
          "select a.id, a.name, r.name, a.port::bigint, a.wanted = 'stopped', a.status, a.created_at",
          "from app a join repository r on r.id = a.repository_id where $1 >= 0 order by a.id" },
        { read_environment, NULL,
          "select a.name, v.id, v.base_id, v.deployment_id, v.id = a.environment_id, e.name, "
          "  convert_from(e.value, 'UTF8')",
          "from environment_version v join app a on a.id = v.app_id left join environment e on e.version_id = v.id "
          "where $1 >= 0 order by a.id, v.id, e.name" },
        { read_deployments, &of_deployment,
          "select d.id, a.name, d.status, d.requested_revision, d.revision, d.image_tag, d.release_id, "
          "  d.created_at, d.started_at, d.finished_at, d.error_summary, d.logs_path, d.requested_by::bigint, "
          "  d.assigned_port::bigint, r.processes, r.build_key, r.buildpack, r.formation, r.health_check_path, "
          "  r.health_check_attempts::bigint, r.health_check_timeout_usec::bigint, r.health_check_wait_usec::bigint, "
          "  d.kind, d.rollback_to, d.environment_id, d.error_quote",
          "from deployment d join app a on a.id = d.app_id left join release r on r.id = d.id "
          "where " PUBLISHED " order by d.id" },
        { read_instances, NULL, "select i.deployment_id, i.process, i.number::bigint, i.port::bigint",
          "from instance i where $1 >= 0 order by i.deployment_id, i.process, i.number" },
};

/* Caller frees; NULL when out of memory. */
static char *make_statement(size_t i)
{
        _cleanup_free_ char *columns = NULL;

        if (!reads[i].settings)
                return text_format("%s %s", reads[i].sql, reads[i].rest);
        columns = store_settings_columns(reads[i].settings, COLUMN_READ);
        return columns ? text_format("%s, %s %s", reads[i].sql, columns, reads[i].rest) : NULL;
}

/* The requests share one outcome. */
typedef struct Load {
        StoreDone done;
        void (*drop)(void *userdata);
        void *userdata;
        unsigned left;
        int error;
        char *sentence; /* of the first failure */
} Load;

static void load_free(Load *load)
{
        free(load->sentence);
        free(load);
}

static void load_on_read(void *userdata, int error, const StoreReply *reply)
{
        Load *load = userdata;
        StoreReply outcome = { .text = "", .constraint = "" };

        if (load->error == 0 && error < 0) {
                load->error = error;
                load->sentence = strdup(reply->sentence);
        }
        if (--load->left > 0)
                return;
        outcome.sentence = text_or_empty(load->sentence);
        load->done(load->userdata, load->error, &outcome);
        load_free(load);
}

static void drop_load(void *userdata)
{
        Load *load = userdata;

        if (--load->left > 0)
                return;
        if (load->drop)
                load->drop(load->userdata);
        load_free(load);
}

int store_load(Store *store, Model *model, uint64_t published_usec, const StoreAsk *ask)
{
        Load *load;
        int r;

        assert(model);
        assert(!model->repositories);
        assert(ask && ask->done);

        load = calloc(1, sizeof(Load));
        if (!load)
                return -ENOMEM;
        *load = (Load){ .done = ask->done, .drop = ask->drop, .userdata = ask->userdata };

        for (size_t i = 0; i < ELEMENTSOF(reads); i++) {
                StoreAsk each = { STORE_DEPLOYD, ask->deadline, load_on_read, load, drop_load };
                _cleanup_free_ char *sql = make_statement(i);
                StoreRequest *request;

                r = sql ? store_submit(store, &PG_READ(sql, pg_u64(published_usec)), reads[i].read, &each,
                                       &request)
                        : -ENOMEM;
                if (r < 0 && load->left == 0) {
                        load_free(load);
                        return r;
                }
                if (r < 0) {
                        load->error = r; /* those on their way tell the caller */
                        return 0;
                }
                request->model = model;
                load->left++;
        }
        return 0;
}

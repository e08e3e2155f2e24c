/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/jobs/app-unit.h"

#include <errno.h>
#include <inttypes.h>

#include "base/names.h"
#include "base/text.h"
#include "daemon/pipeline/files/release.h"

/* Bytes of a line of output in a sentence. */
#define LINE_SHOWN_MAX 300

void app_unit_done(AppUnit *unit)
{
        free(unit->slice);
        free(unit->user);
        free(unit->directory);
        free(unit->tree);
        free(unit->processes);
        free(unit->log_rate);
        *unit = (AppUnit){};
}

static uint64_t own_or(uint64_t own, uint64_t fallback)
{
        return own != 0 ? own : fallback;
}

AppLimits app_unit_limits(const Pipeline *pipeline, const App *app)
{
        const Config *config = pipeline_config(pipeline);
        const AppSettings *own = &app->settings;

        return (AppLimits){
                .memory_max = own_or(own->memory_max, config->app_memory_max),
                .tasks_max = own_or(own->tasks_max, config->app_tasks_max),
                .cpu_quota_usec = own_or(own->cpu_quota_usec, config->app_cpu_quota),
        };
}

int app_unit_make(const Pipeline *pipeline, const Deployment *deployment, UnitKind kind, const char *unit,
                  const char *process, const char *dyno, const char *environment, AppUnit *ret)
{
        const App *app = deployment->app;
        AppLimits limits = app_unit_limits(pipeline, app);

        assert(ret);

        *ret = (AppUnit){
                .slice = app_slice(app),
                .user = unit_kind_user(UNIT_APP, app->id),
                .directory = unit_kind_directory(UNIT_APP, app->id),
                .tree = release_path(deployment->release_id, "app"),
                .processes = release_path(deployment->release_id, "process"),
                .log_rate = text_format("%" PRIu64, pipeline_config(pipeline)->log_rate),
                .spec = UNIT_SPEC_INIT,
        };
        if (!ret->log_rate || !ret->slice || !ret->user || !ret->directory || !ret->tree || !ret->processes) {
                app_unit_done(ret);
                return -ENOMEM;
        }
        ret->spec.kind = kind;
        ret->spec.name = unit;
        ret->spec.app_slice = ret->slice;
        ret->spec.user = ret->user;
        ret->spec.state_directory = ret->spec.cache_directory = ret->directory;
        ret->spec.environment_file = environment;
        ret->spec.arguments[0] = unit_kind_row(kind)->helper;
        ret->spec.arguments[1] = process;
        ret->spec.arguments[2] = ret->log_rate;
        ret->spec.binds[0] = (UnitBind){ ret->tree, PATH_APP_TREE, false };
        ret->spec.binds[1] = (UnitBind){ ret->processes, PATH_APP_PROCESSES, false };
        ret->spec.stop_timeout_usec =
                own_or(app->settings.stop_timeout_usec, pipeline_config(pipeline)->stop_timeout);
        ret->spec.memory_max = limits.memory_max;
        ret->spec.tasks_max = limits.tasks_max;
        ret->spec.cpu_quota_usec = limits.cpu_quota_usec;
        ret->spec.log_app = app->name;
        ret->spec.log_deployment = deployment->id;
        ret->spec.log_process = dyno;
        ret->spec.log_revision = deployment->revision;
        return 0;
}

char *app_unit_quote(const Deployment *deployment, char *line)
{
        _cleanup_free_ char *shown = NULL;

        assert(deployment);
        assert(line);

        /* Before it is cut: what is left of a value could not be told any more. Once more behind the escape
         * sequences: a value may have them, or have been printed with them. */
        if (variables_redact(deployment_variables(deployment), line) < 0)
                return NULL;
        text_strip_escapes(line);
        if (variables_redact(deployment_variables(deployment), line) < 0)
                return NULL;
        shown = text_sanitize(line, LINE_SHOWN_MAX);
        return shown ? text_format("%s%s", text_is_empty(shown) ? "" : ": ", shown) : NULL;
}

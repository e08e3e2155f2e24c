/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/jobs/app-unit.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/names.h"
#include "base/quote.h"
#include "base/text.h"
#include "daemon/model/persist.h"
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
        free(unit->persist);
        text_free_list(unit->kept);
        text_free_list(unit->sources);
        text_free_list(unit->targets);
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

/* Where a directory that is kept is mounted: in a copy of the tree, PID 1 would make those above it as
 * root's, and deployd-launch makes a link there. */
static char *app_unit_kept_target(const char *name, bool writable)
{
        _cleanup_free_ char *flat = persist_flatten(name);

        if (!flat)
                return NULL;
        return writable ? text_format(PATH_APP_KEPT "/%s", flat) : text_format(PATH_APP_TREE "/%s", name);
}

static int app_unit_add_kept(AppUnit *unit, uint64_t app, char *const *names, bool writable, size_t n_binds)
{
        unit->kept = calloc(PERSIST_MAX + 1, sizeof(char *));
        unit->sources = calloc(PERSIST_MAX + 1, sizeof(char *));
        unit->targets = calloc(PERSIST_MAX + 1, sizeof(char *));
        if (!unit->kept || !unit->sources || !unit->targets)
                return -ENOMEM;
        for (size_t i = 0; i < PERSIST_MAX && names[i]; i++) {
                unit->kept[i] = persist_directory(app, names[i]);
                unit->sources[i] = unit->kept[i] ? text_format(STATE_PRIVATE "/%s", unit->kept[i]) : NULL;
                unit->targets[i] = app_unit_kept_target(names[i], writable);
                if (!unit->sources[i] || !unit->targets[i])
                        return -ENOMEM;
                unit->spec.kept[i] = unit->kept[i];
                unit->spec.binds[n_binds + i] = (UnitBind){ unit->sources[i], unit->targets[i], true };
        }
        return 0;
}

static_assert(PERSIST_MAX <= UNIT_SPEC_KEPT_MAX && PERSIST_MAX + 3 <= UNIT_SPEC_BINDS_MAX,
              "there is room for all, behind the tree twice and the processes");

/* Where the process may write in its tree. deployd-launch does what a mount cannot. 0 or -ENOMEM. */
static int app_unit_add_places(const Pipeline *pipeline, const Deployment *deployment, AppUnit *unit)
{
        const AppSettings *settings = deployment_settings(deployment);
        const Config *config = pipeline_config(pipeline);
        bool writable = strcmp(settings->writable_tree, "yes") == 0;
        size_t n_binds = 0, n_arguments = 3;
        char **names;
        int r;

        unit->spec.binds[n_binds++] = (UnitBind){ unit->processes, PATH_APP_PROCESSES, false };
        if (writable || settings->persist[0] != '\0')
                unit->spec.binds[n_binds++] = (UnitBind){ unit->tree, PATH_APP_RELEASE, false };
        if (writable) {
                unit->spec.tmpfs = PATH_APP_TREE;
                unit->spec.tmpfs_size = config->writable_tree_max;
                unit->spec.tmpfs_files = config->build_files_max;
                unit->spec.arguments[n_arguments++] = LAUNCH_OPTION_WRITABLE;
        } else
                unit->spec.binds[n_binds++] = (UnitBind){ unit->tree, PATH_APP_TREE, false };
        if (settings->persist[0] == '\0')
                return 0;
        /* A unit has no comma in its text. */
        unit->persist = text_format(LAUNCH_OPTION_PERSIST "%s", settings->persist);
        if (!unit->persist)
                return -ENOMEM;
        for (char *c = unit->persist; *c; c++)
                if (*c == ',')
                        *c = ':';
        unit->spec.arguments[n_arguments] = unit->persist;
        r = persist_split(settings->persist, &names);
        if (r < 0)
                return r;
        r = app_unit_add_kept(unit, deployment->app->id, names, writable, n_binds);
        text_free_list(names);
        return r;
}

int app_unit_make(const Pipeline *pipeline, const Deployment *deployment, UnitKind kind, const char *unit,
                  const char *process, const char *dyno, const char *environment, AppUnit *ret)
{
        const App *app = deployment->app;
        AppLimits limits = app_unit_limits(pipeline, app);
        int r;

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
        if (!ret->log_rate || !ret->slice || !ret->user || !ret->directory || !ret->tree ||
            !ret->processes) {
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
        ret->spec.stop_timeout_usec =
                own_or(app->settings.stop_timeout_usec, pipeline_config(pipeline)->stop_timeout);
        ret->spec.memory_max = limits.memory_max;
        ret->spec.tasks_max = limits.tasks_max;
        ret->spec.cpu_quota_usec = limits.cpu_quota_usec;
        ret->spec.shm_size = pipeline_config(pipeline)->shm_max;
        ret->spec.log_app = app->name;
        ret->spec.log_deployment = deployment->id;
        ret->spec.log_process = dyno;
        ret->spec.log_revision = deployment->revision;
        r = app_unit_add_places(pipeline, deployment, ret);
        if (r < 0)
                app_unit_done(ret);
        return r;
}

/* Whether the line is about a file system that is read-only. */
static bool line_is_read_only(const char *line)
{
        static const char *const words[] = { "EROFS", "ead-only file system", "readonly database" };

        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (strstr(line, words[i]))
                        return true;
        return false;
}

/* Most programs that meet one wanted to write beside their code. */
static char *app_unit_hint(const Deployment *deployment, const char *line)
{
        if (!line_is_read_only(line) || strcmp(deployment_settings(deployment)->writable_tree, "yes") == 0)
                return strdup("");
        return text_format(
                " (its tree is read-only: 'deployctl app set %s persist=DIRECTORY' for what is to be kept, "
                "or writable-tree=yes)",
                deployment->app->name);
}

char *app_unit_quote(const Deployment *deployment, char *line)
{
        _cleanup_free_ char *shown = NULL, *hint = NULL;

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
        hint = shown ? app_unit_hint(deployment, shown) : NULL;
        return hint ? text_format("%s%s%s", text_is_empty(shown) ? "" : QUOTE_MARK ": ", shown, hint) : NULL;
}

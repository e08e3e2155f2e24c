/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/upkeep/wipe.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "daemon/model/removed-app.h"
#include "daemon/pipeline/jobs/reap.h"
#include "daemon/pipeline/jobs/release-remove.h"
#include "daemon/pipeline/upkeep/archive.h"

#define WIPE_TIMEOUT_USEC (600 * USEC_PER_SEC)

/* What an app or a repository has left behind. */
typedef struct Wipe {
        Pipeline *pipeline;
        UnitKind kind;      /* of the units that write there */
        bool data;          /* what an app has stored, and nothing else of it */
        bool cache;         /* what it has cached, and nothing else of it */
        char *name;         /* "" = not known any more */
        uint64_t id;        /* 0 = the slice only */
        uint64_t *releases; /* of an app: its deployments, whatever they built */
        size_t n_releases;
        bool begun;
        UnitCall *call;
        void (*done)(Pipeline *pipeline, uint64_t id, int error); /* NULL = nobody waits */
        LIST_FIELDS(struct Wipe, wipes);
} Wipe;

static Wipe *wipe_free(Wipe *wipe)
{
        unit_call_free(wipe->call);
        LIST_REMOVE(wipes, wipe->pipeline->wipes, wipe);
        free(wipe->name);
        free(wipe->releases);
        free(wipe);
        return NULL;
}

void wipes_free(Pipeline *pipeline)
{
        while (pipeline->wipes)
                wipe_free(pipeline->wipes);
}

static void wipe_on_done(void *userdata, int error, const char *sentence)
{
        Wipe *wipe = userdata;
        Pipeline *pipeline = wipe->pipeline;
        void (*done)(Pipeline * pipeline, uint64_t id, int error) = wipe->done;
        uint64_t id = wipe->id;

        wipe->call = NULL;
        if (error < 0)
                log_warning("Cannot remove the directories of %s, trying again at the next start: %s",
                            wipe->name, sentence);
        wipe_free(wipe);
        if (done)
                done(pipeline, id, error);
}

/* Whether units of that kind have directories of their own, which go with the app. */
static bool wipe_is_of_app(UnitKind kind)
{
        return unit_kind_row(kind)->directories && unit_kind_row(kind)->owner != UNIT_OWNER_REPOSITORY;
}

static int wipe_start(Wipe *wipe)
{
        const UnitKindRow *row = unit_kind_row(wipe->kind);
        _cleanup_free_ char *unit =
                unit_name_make(UNIT_REMOVE, wipe->data ? "data" : row->removed, wipe->id, NULL, 0);
        _cleanup_free_ char *user = unit_kind_user(wipe->kind, wipe->id);
        _cleanup_free_ char *directory = unit_kind_directory(wipe->kind, wipe->id);
        UnitSpec spec = UNIT_SPEC_INIT;

        if (!unit || !user || !directory)
                return -ENOMEM;
        spec.kind = UNIT_REMOVE;
        spec.name = unit;
        spec.user = user;
        if (wipe->data)
                spec.state_directory = directory;
        else
                spec.cache_directory = directory;
        /* Only an app stores data: the state of builds is where they work, and nothing of it stays. */
        if (wipe->kind != UNIT_APP && row->has_state)
                spec.state_directory = directory;
        spec.arguments[0] = "/bin/true";
        spec.hold = true;
        spec.timeout_usec = WIPE_TIMEOUT_USEC;
        return units_clean(wipe->pipeline->units, &spec, wipe_on_done, wipe, &wipe->call);
}

static void wipe_on_slice_stopped(void *userdata, int error, const char *sentence)
{
        Wipe *wipe = userdata;
        int r;

        wipe->call = NULL;
        if (error < 0)
                log_debug("Cannot stop the slice of app %s, ignoring: %s", wipe->name, sentence);
        if (wipe->id == 0) {
                wipe_free(wipe);
                return;
        }
        r = wipe_start(wipe);
        if (r < 0)
                wipe_on_done(wipe, r, strerror(-r));
}

/* Nothing of an app runs any more. Its slice stays otherwise; that of a new app of the same name is in use.
 */
static int wipe_begin_app(Wipe *wipe)
{
        Pipeline *pipeline = wipe->pipeline;
        _cleanup_free_ char *slice = NULL;

        if (wipe->id != 0)
                archives_remove(pipeline, wipe->id);
        for (size_t i = 0; i < wipe->n_releases; i++)
                release_remove(pipeline, wipe->releases[i]);
        if (wipe->id != 0 && pipeline->params.app_gone)
                pipeline->params.app_gone(pipeline->params.userdata, wipe->id, wipe->name);
        if (model_app(pipeline->model, wipe->name)) {
                if (wipe->id != 0)
                        return wipe_start(wipe);
                wipe_free(wipe);
                return 0;
        }
        slice = slice_name_make(wipe->name);
        return slice ? units_stop_slice(pipeline->units, slice, wipe_on_slice_stopped, wipe, &wipe->call)
                     : -ENOMEM;
}

void wipes_poll(Pipeline *pipeline)
{
        Wipe *wipe, *next;

        assert(pipeline);

        LIST_FOREACH_SAFE (wipes, wipe, next, pipeline->wipes) {
                int r;

                if (wipe->begun || reap_is_pending_for_name(pipeline, wipe->kind, wipe->name))
                        continue;
                wipe->begun = true;
                r = wipe->kind == UNIT_APP && !wipe->data && !wipe->cache ? wipe_begin_app(wipe)
                                                                          : wipe_start(wipe);
                if (r < 0)
                        wipe_on_done(wipe, r, strerror(-r));
        }
}

static Wipe *wipe_add(Pipeline *pipeline, UnitKind kind, const char *name, uint64_t id)
{
        Wipe *wipe = calloc(1, sizeof(Wipe));

        if (!wipe) {
                pipeline_oom(pipeline);
                return NULL;
        }
        *wipe = (Wipe){ .pipeline = pipeline, .kind = kind, .name = strdup(name), .id = id };
        LIST_PREPEND(wipes, pipeline->wipes, wipe);
        if (!wipe->name) {
                pipeline_oom(pipeline);
                return wipe_free(wipe);
        }
        return wipe;
}

void wipe_mirror(Pipeline *pipeline, const Repository *repository)
{
        (void) wipe_add(pipeline, UNIT_FETCH, repository->name, repository->id);
}

void wipe_app(Pipeline *pipeline, const App *app)
{
        Wipe *wipe = wipe_add(pipeline, UNIT_APP, app->name, app->id);
        const Deployment *deployment;

        for (UnitKind kind = UNIT_KIND_UNSET + 1; wipe && kind < UNIT_KIND_MAX; kind++)
                if (kind != UNIT_APP && wipe_is_of_app(kind) &&
                    !wipe_add(pipeline, kind, app->name, app->id))
                        return;
        if (!wipe)
                return;
        LIST_FOREACH (app_deployments, deployment, app->deployments) {
                uint64_t *grown = reallocarray(wipe->releases, wipe->n_releases + 1, sizeof(uint64_t));

                /* What is not removed now is removed at the next start. */
                if (!grown)
                        return;
                wipe->releases = grown;
                grown[wipe->n_releases++] = deployment->id;
        }
}

void wipe_data(Pipeline *pipeline, const RemovedApp *removed,
               void (*done)(Pipeline *pipeline, uint64_t id, int error))
{
        Wipe *wipe;

        assert(pipeline);
        assert(removed && removed->deleting);

        wipe = wipe_add(pipeline, UNIT_APP, removed->name, removed->id);
        if (!wipe)
                return;
        wipe->data = true;
        wipe->done = done;
        wipes_poll(pipeline);
}

void wipe_slice(Pipeline *pipeline, const char *app)
{
        if (!model_app(pipeline->model, app))
                (void) wipe_add(pipeline, UNIT_APP, app, 0);
}

static bool wipe_is_needed(UnitKind kind, uint64_t id)
{
        _cleanup_free_ char *directory = unit_kind_directory(kind, id),
                            *path = directory ? text_format(CACHE_PRIVATE "/%s", directory) : NULL;

        return path && access(path, F_OK) == 0;
}

/* The row of a removed app is what says that its caches may go. */
static void wipes_sweep_apps(Pipeline *pipeline)
{
        const RemovedApp *removed;

        LIST_FOREACH (removed_apps, removed, pipeline->model->removed_apps) {
                archives_remove(pipeline, removed->id);
                for (UnitKind kind = UNIT_KIND_UNSET + 1; kind < UNIT_KIND_MAX; kind++)
                        if (wipe_is_of_app(kind) && wipe_is_needed(kind, removed->id))
                                (void) wipe_add(pipeline, kind, removed->name, removed->id);
        }
}

static bool is_left_over(const Model *model, UnitKind kind, uint64_t id)
{
        const Repository *repository;

        if (wipe_is_of_app(kind))
                return id <= model->installation.last_app && !model_app_by_id(model, id) &&
                       !removed_app_by_id(model, id);
        LIST_FOREACH (repositories, repository, model->repositories)
                if (repository->id == id)
                        return false;
        return id <= model->installation.last_repository;
}

/* A cache can be filled again: that its number was given out and has no row is enough. */
static void wipes_sweep_caches(Pipeline *pipeline, UnitKind kind)
{
        _cleanup_free_ char *directory = text_format(CACHE_PRIVATE "/%s", unit_kind_row(kind)->directories);
        struct dirent **entries;
        int n = directory ? scandir(directory, &entries, NULL, NULL) : -1;

        for (int i = 0; i < n; i++) {
                uint64_t id;

                if (text_to_u64(entries[i]->d_name, INT64_MAX, &id) >= 0 &&
                    is_left_over(pipeline->model, kind, id)) {
                        Wipe *wipe = wipe_add(pipeline, kind, "", id);

                        if (wipe)
                                wipe->cache = true;
                }
                free(entries[i]);
        }
        if (n >= 0)
                free(entries);
}

void wipes_sweep(Pipeline *pipeline)
{
        assert(pipeline);

        wipes_sweep_apps(pipeline);
        for (UnitKind kind = UNIT_KIND_UNSET + 1; kind < UNIT_KIND_MAX; kind++)
                if (unit_kind_row(kind)->directories)
                        wipes_sweep_caches(pipeline, kind);
        wipes_poll(pipeline);
}

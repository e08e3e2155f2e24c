/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/upkeep/purge.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "daemon/model/removed-app.h"
#include "daemon/pipeline/files/places.h"
#include "daemon/pipeline/jobs/reap.h"
#include "daemon/pipeline/jobs/release-remove.h"
#include "daemon/pipeline/upkeep/archive.h"

#define WIPE_TIMEOUT_USEC (600 * USEC_PER_SEC)

/* What an app or a repository has left behind. */
typedef struct Purge {
        Pipeline *pipeline;
        UnitKind kind;      /* of the units that write there */
        bool data;          /* what an app has stored, and nothing else of it */
        bool cache;         /* what it has cached, and nothing else of it */
        char *name;         /* "" = not known any more */
        uint64_t id;        /* 0 = the slice only */
        uint64_t *releases; /* of an app: its deployments, whatever they built */
        size_t n_releases;
        bool begun;
        bool more; /* it kept more directories than one unit can have: it is begun again */
        UnitCall *call;
        PurgeDone done; /* NULL = nobody waits */
        void *userdata; /* of `done` */
        LIST_FIELDS(struct Purge, purges);
} Purge;

static Purge *purge_free(Purge *purge)
{
        unit_call_free(purge->call);
        LIST_REMOVE(purges, purge->pipeline->purges, purge);
        free(purge->name);
        free(purge->releases);
        free(purge->userdata);
        free(purge);
        return NULL;
}

void purges_free(Pipeline *pipeline)
{
        while (pipeline->purges)
                purge_free(pipeline->purges);
}

static int purge_start(Purge *purge);

static void purge_on_done(void *userdata, int error, const char *sentence)
{
        Purge *purge = userdata;
        Pipeline *pipeline = purge->pipeline;
        PurgeDone done = purge->done;
        _cleanup_free_ void *owner = NULL;
        uint64_t id = purge->id;

        purge->call = NULL;
        if (error >= 0 && purge->more) {
                error = purge_start(purge);
                if (error >= 0)
                        return;
                sentence = strerror(-error);
        }
        if (error < 0)
                log_warning("Cannot remove the directories of %s%s: %s", purge->name,
                            done && !purge->data ? "" : ", trying again at the next start", sentence);
        owner = TAKE_PTR(purge->userdata);
        purge_free(purge);
        if (done)
                done(pipeline, id, error, owner);
        purges_poll(pipeline);
}

/* Whether units of that kind have directories of their own, which go with the app. */
static bool purge_is_of_app(UnitKind kind)
{
        return unit_kind_row(kind)->directories && unit_kind_row(kind)->owner != UNIT_OWNER_REPOSITORY;
}

static int purge_start(Purge *purge)
{
        const UnitKindRow *row = unit_kind_row(purge->kind);
        _cleanup_free_ char *unit =
                unit_name_make(UNIT_REMOVE, purge->data ? "data" : row->removed, purge->id, NULL, 0);
        _cleanup_free_ char *user = unit_kind_user(purge->kind, purge->id);
        _cleanup_free_ char *directory = unit_kind_directory(purge->kind, purge->id);
        char **kept = NULL;
        UnitSpec spec = UNIT_SPEC_INIT;
        int r = purge->data ? places_list(purge->id, &kept) : 0;

        if (r < 0)
                return r;
        if (!unit || !user || !directory) {
                text_free_list(kept);
                return -ENOMEM;
        }
        spec.kind = UNIT_REMOVE;
        spec.name = unit;
        spec.user = user;
        for (size_t i = 0; kept && kept[i] && i < ELEMENTSOF(spec.kept); i++)
                spec.kept[i] = kept[i];
        purge->more = kept && spec.kept[ELEMENTSOF(spec.kept) - 1] && kept[ELEMENTSOF(spec.kept)];
        if (purge->data)
                spec.state_directory = directory;
        else
                spec.cache_directory = directory;
        /* Only an app stores data: the state of builds is where they work, and nothing of it stays. */
        if (purge->kind != UNIT_APP && row->has_state)
                spec.state_directory = directory;
        spec.arguments[0] = "/bin/true";
        spec.hold = true;
        spec.timeout_usec = WIPE_TIMEOUT_USEC;
        r = units_clean(purge->pipeline->units, &spec, purge_on_done, purge, &purge->call);
        text_free_list(kept);
        return r;
}

static void purge_on_slice_stopped(void *userdata, int error, const char *sentence)
{
        Purge *purge = userdata;
        int r;

        purge->call = NULL;
        if (error < 0)
                log_debug("Cannot stop the slice of app %s, ignoring: %s", purge->name, sentence);
        if (purge->id == 0) {
                purge_free(purge);
                return;
        }
        r = purge_start(purge);
        if (r < 0)
                purge_on_done(purge, r, strerror(-r));
}

/* Nothing of an app runs any more. Its slice stays otherwise; that of a new app of the same name is in use.
 */
static int purge_begin_app(Purge *purge)
{
        Pipeline *pipeline = purge->pipeline;
        _cleanup_free_ char *slice = NULL;

        if (purge->id != 0)
                archives_remove(pipeline, purge->id);
        for (size_t i = 0; i < purge->n_releases; i++)
                release_remove(pipeline, purge->releases[i]);
        if (purge->id != 0 && pipeline->params.app_gone)
                pipeline->params.app_gone(pipeline->params.userdata, purge->id, purge->name);
        if (model_app(pipeline->model, purge->name)) {
                if (purge->id != 0)
                        return purge_start(purge);
                purge_free(purge);
                return 0;
        }
        slice = slice_name_make(purge->name);
        return slice ? units_stop_slice(pipeline->units, slice, purge_on_slice_stopped, purge, &purge->call)
                     : -ENOMEM;
}

static const Purge *purge_under_way(const Pipeline *pipeline, UnitKind kind, uint64_t id)
{
        const Purge *purge;

        LIST_FOREACH (purges, purge, pipeline->purges)
                if (purge->begun && purge->kind == kind && purge->id == id)
                        return purge;
        return NULL;
}

/* One that may begin: no unit is left that writes there, and no other unit removes the same. */
static Purge *purge_next(const Pipeline *pipeline)
{
        Purge *purge;

        LIST_FOREACH (purges, purge, pipeline->purges)
                if (!purge->begun && !reap_is_pending_for_name(pipeline, purge->kind, purge->name) &&
                    !(purge->id != 0 && purge_under_way(pipeline, purge->kind, purge->id)))
                        return purge;
        return NULL;
}

void purges_poll(Pipeline *pipeline)
{
        Purge *purge;

        assert(pipeline);

        while ((purge = purge_next(pipeline))) {
                int r;

                purge->begun = true;
                r = purge->kind == UNIT_APP && !purge->data && !purge->cache ? purge_begin_app(purge)
                                                                             : purge_start(purge);
                if (r < 0)
                        purge_on_done(purge, r, strerror(-r));
        }
}

static Purge *purge_add(Pipeline *pipeline, UnitKind kind, const char *name, uint64_t id)
{
        Purge *purge = calloc(1, sizeof(Purge));

        if (!purge) {
                pipeline_oom(pipeline);
                return NULL;
        }
        *purge = (Purge){ .pipeline = pipeline, .kind = kind, .name = strdup(name), .id = id };
        LIST_PREPEND(purges, pipeline->purges, purge);
        if (!purge->name) {
                pipeline_oom(pipeline);
                return purge_free(purge);
        }
        return purge;
}

void purge_mirror(Pipeline *pipeline, const Repository *repository)
{
        (void) purge_add(pipeline, UNIT_FETCH, repository->name, repository->id);
}

void purge_app(Pipeline *pipeline, const App *app)
{
        Purge *purge = purge_add(pipeline, UNIT_APP, app->name, app->id);
        const Deployment *deployment;

        for (UnitKind kind = UNIT_KIND_UNSET + 1; purge && kind < UNIT_KIND_MAX; kind++)
                if (kind != UNIT_APP && purge_is_of_app(kind) &&
                    !purge_add(pipeline, kind, app->name, app->id))
                        return;
        if (!purge)
                return;
        LIST_FOREACH (app_deployments, deployment, app->deployments) {
                uint64_t *grown = reallocarray(purge->releases, purge->n_releases + 1, sizeof(uint64_t));

                /* What is not removed now is removed at the next start. */
                if (!grown)
                        return;
                purge->releases = grown;
                grown[purge->n_releases++] = deployment->id;
        }
}

int purge_build_cache(Pipeline *pipeline, const App *app, PurgeDone done, void *userdata)
{
        Purge *purge;

        assert(pipeline);
        assert(app);

        purge = purge_add(pipeline, UNIT_BUILD, app->name, app->id);
        if (!purge)
                return -ENOMEM;
        purge->cache = true;
        purge->done = done;
        purge->userdata = userdata;
        return 0;
}

bool purge_has_build_cache(const Pipeline *pipeline, const App *app)
{
        const Purge *purge;

        assert(pipeline);
        assert(app);

        LIST_FOREACH (purges, purge, pipeline->purges)
                if (purge->kind == UNIT_BUILD && purge->id == app->id)
                        return true;
        return false;
}

void purge_data(Pipeline *pipeline, const RemovedApp *removed, PurgeDone done)
{
        Purge *purge;

        assert(pipeline);
        assert(removed && removed->deleting);

        /* It is under way already. A second unit would make the directories once more, to remove them. */
        LIST_FOREACH (purges, purge, pipeline->purges)
                if (purge->data && purge->id == removed->id)
                        return;
        purge = purge_add(pipeline, UNIT_APP, removed->name, removed->id);
        if (!purge)
                return;
        purge->data = true;
        purge->done = done;
        purges_poll(pipeline);
}

void purge_slice(Pipeline *pipeline, const char *app)
{
        if (!model_app(pipeline->model, app))
                (void) purge_add(pipeline, UNIT_APP, app, 0);
}

static bool purge_is_needed(UnitKind kind, uint64_t id)
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
                        if (purge_is_of_app(kind) && purge_is_needed(kind, removed->id))
                                (void) purge_add(pipeline, kind, removed->name, removed->id);
        }
}

static bool is_left_over(const Model *model, UnitKind kind, uint64_t id)
{
        const Repository *repository;

        if (purge_is_of_app(kind))
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
                        Purge *purge = purge_add(pipeline, kind, "", id);

                        if (purge)
                                purge->cache = true;
                }
                free(entries[i]);
        }
        if (n >= 0)
                free(entries);
}

void purges_sweep(Pipeline *pipeline)
{
        assert(pipeline);

        wipes_sweep_apps(pipeline);
        for (UnitKind kind = UNIT_KIND_UNSET + 1; kind < UNIT_KIND_MAX; kind++)
                if (unit_kind_row(kind)->directories)
                        wipes_sweep_caches(pipeline, kind);
        purges_poll(pipeline);
}

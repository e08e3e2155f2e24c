/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/wipe.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "daemon/pipeline/archive.h"
#include "daemon/pipeline/reap.h"
#include "daemon/pipeline/release.h"

#define WIPE_TIMEOUT_USEC (600 * USEC_PER_SEC)

/* What an app or a repository has left behind. */
typedef struct Wipe {
        Pipeline *pipeline;
        UnitKind kind;      /* of the units that write there */
        char *name;         /* "" = not known any more */
        uint64_t id;        /* 0 = the slice only */
        uint64_t *releases; /* of an app: its deployments, whatever they built */
        size_t n_releases;
        bool begun;
        UnitCall *call;
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

static void on_wiped(void *userdata, int error, const char *sentence)
{
        Wipe *wipe = userdata;

        wipe->call = NULL;
        if (error < 0)
                log_warning("Cannot remove the directories of %s, ignoring: %s", wipe->name, sentence);
        wipe_free(wipe);
}

static int start(Wipe *wipe)
{
        const UnitKindRow *row = unit_kind_row(wipe->kind);
        _cleanup_free_ char *unit = unit_name_make(UNIT_REMOVE, row->removed, wipe->id, NULL, 0);
        _cleanup_free_ char *user = unit_kind_user(wipe->kind, wipe->id);
        _cleanup_free_ char *directory = unit_kind_directory(wipe->kind, wipe->id);
        UnitSpec spec = UNIT_SPEC_INIT;

        if (!unit || !user || !directory)
                return -ENOMEM;
        spec.kind = UNIT_REMOVE;
        spec.name = unit;
        spec.slice = "deployd.slice";
        spec.user = user;
        spec.cache_directory = directory;
        spec.state_directory = row->has_state ? directory : NULL;
        spec.arguments[0] = "/bin/true";
        spec.hold = true;
        spec.timeout_usec = WIPE_TIMEOUT_USEC;
        return units_clean(wipe->pipeline->units, &spec, on_wiped, wipe, &wipe->call);
}

static void on_slice_stopped(void *userdata, int error, const char *sentence)
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
        r = start(wipe);
        if (r < 0)
                on_wiped(wipe, r, strerror(-r));
}

/* A slice stays when all in it has gone. That of an app which was made anew under the name is in use. */
static int begin(Wipe *wipe)
{
        _cleanup_free_ char *slice = NULL;

        if (wipe->kind == UNIT_APP && wipe->id != 0)
                archives_remove(wipe->pipeline, wipe->id);
        for (size_t i = 0; i < wipe->n_releases; i++)
                release_remove(wipe->pipeline, wipe->releases[i]);
        if (wipe->kind != UNIT_APP || wipe->name[0] == '\0' ||
            model_app(wipe->pipeline->model, wipe->name)) {
                if (wipe->id != 0)
                        return start(wipe);
                wipe_free(wipe);
                return 0;
        }
        slice = slice_name_make(wipe->name);
        return slice ? units_stop_slice(wipe->pipeline->units, slice, on_slice_stopped, wipe, &wipe->call)
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
                r = begin(wipe);
                if (r < 0)
                        on_wiped(wipe, r, strerror(-r));
        }
}

static Wipe *add(Pipeline *pipeline, UnitKind kind, const char *name, uint64_t id)
{
        Wipe *wipe = calloc(1, sizeof(Wipe));

        if (!wipe) {
                pipeline->params.fatal(pipeline->params.userdata, "out of memory");
                return NULL;
        }
        *wipe = (Wipe){ .pipeline = pipeline, .kind = kind, .name = strdup(name), .id = id };
        LIST_PREPEND(wipes, pipeline->wipes, wipe);
        if (!wipe->name) {
                pipeline->params.fatal(pipeline->params.userdata, "out of memory");
                return wipe_free(wipe);
        }
        return wipe;
}

void wipe_mirror(Pipeline *pipeline, const Repository *repository)
{
        (void) add(pipeline, UNIT_FETCH, repository->name, repository->id);
}

void wipe_app(Pipeline *pipeline, const App *app)
{
        Wipe *wipe = add(pipeline, UNIT_APP, app->name, app->id);
        const Deployment *deployment;

        if (!wipe || !add(pipeline, UNIT_BUILD, app->name, app->id))
                return;
        LIST_FOREACH (app_deployments, deployment, app->deployments) {
                uint64_t *grown = reallocarray(wipe->releases, wipe->n_releases + 1, sizeof(uint64_t));

                /* What is not removed now is found at the next start: no row knows it then. */
                if (!grown)
                        return;
                wipe->releases = grown;
                grown[wipe->n_releases++] = deployment->id;
        }
}

void wipe_slice(Pipeline *pipeline, const char *app)
{
        if (!model_app(pipeline->model, app))
                (void) add(pipeline, UNIT_APP, app, 0);
}

static bool is_known(const Model *model, UnitKind kind, uint64_t id)
{
        const Repository *repository;

        if (unit_kind_row(kind)->owner != UNIT_OWNER_REPOSITORY)
                return model_app_by_id(model, id);
        LIST_FOREACH (repositories, repository, model->repositories)
                if (repository->id == id)
                        return true;
        return false;
}

/* Each has a cache, beside its state if it has one, so the one directory names both. */
static void sweep(Pipeline *pipeline, UnitKind kind)
{
        _cleanup_free_ char *directory = text_format(CACHE_PRIVATE "/%s", unit_kind_row(kind)->directories);
        struct dirent **entries;
        int n = directory ? scandir(directory, &entries, NULL, NULL) : -1;

        for (int i = 0; i < n; i++) {
                uint64_t id;

                if (text_to_u64(entries[i]->d_name, INT64_MAX, &id) >= 0 &&
                    !is_known(pipeline->model, kind, id))
                        (void) add(pipeline, kind, "", id);
                free(entries[i]);
        }
        if (n >= 0)
                free(entries);
}

void wipes_sweep(Pipeline *pipeline)
{
        assert(pipeline);

        for (UnitKind kind = UNIT_KIND_UNSET + 1; kind < UNIT_KIND_MAX; kind++)
                if (unit_kind_row(kind)->directories)
                        sweep(pipeline, kind);
        wipes_poll(pipeline);
}

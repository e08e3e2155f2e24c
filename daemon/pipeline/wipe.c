/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/wipe.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"

#define WIPE_TIMEOUT_USEC (600 * USEC_PER_SEC)

typedef struct Wipe {
        Pipeline *pipeline;
        char *what;
        UnitCall *call;
        LIST_FIELDS(struct Wipe, wipes);
} Wipe;

static Wipe *wipe_free(Wipe *wipe)
{
        unit_call_free(wipe->call);
        LIST_REMOVE(wipes, wipe->pipeline->wipes, wipe);
        free(wipe->what);
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
                log_warning("Cannot remove the directories of %s, ignoring: %s", wipe->what, sentence);
        wipe_free(wipe);
}

static int start(Pipeline *pipeline, const char *kind, char letter, uint64_t id, bool state)
{
        _cleanup_free_ char *unit = unit_name_make(UNIT_REMOVE, kind, id, NULL, 0);
        _cleanup_free_ char *user = text_format("deployd-%c%" PRIu64, letter, id);
        _cleanup_free_ char *directory = text_format("deployd-%s/%" PRIu64, state ? "apps" : "fetch", id);
        UnitSpec spec = UNIT_SPEC_INIT;
        Wipe *wipe;
        int r;

        if (!unit || !user || !directory)
                return -ENOMEM;
        wipe = calloc(1, sizeof(Wipe));
        if (!wipe)
                return -ENOMEM;
        wipe->pipeline = pipeline;
        wipe->what = text_format("%s %" PRIu64, kind, id);
        LIST_PREPEND(wipes, pipeline->wipes, wipe);
        if (!wipe->what) {
                wipe_free(wipe);
                return -ENOMEM;
        }
        spec.kind = UNIT_REMOVE;
        spec.name = unit;
        spec.slice = "deployd.slice";
        spec.user = user;
        spec.cache_directory = directory;
        spec.state_directory = state ? directory : NULL;
        spec.arguments[0] = "/bin/true";
        spec.hold = true;
        spec.timeout_usec = WIPE_TIMEOUT_USEC;
        r = units_clean(pipeline->units, &spec, on_wiped, wipe, &wipe->call);
        if (r < 0)
                wipe_free(wipe);
        return r;
}

void wipe_mirror(Pipeline *pipeline, const Repository *repository)
{
        int r = start(pipeline, "mirror", 'f', repository->id, /* state= */ false);

        if (r < 0)
                log_warning("Cannot remove the mirror of %s, ignoring: %s", repository->name, strerror(-r));
}

void wipe_app(Pipeline *pipeline, const App *app)
{
        int r = start(pipeline, "app", 'a', app->id, /* state= */ true);

        if (r < 0)
                log_warning("Cannot remove the directories of %s, ignoring: %s", app->name, strerror(-r));
}

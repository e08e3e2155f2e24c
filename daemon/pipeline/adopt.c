/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/adopt.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/failpoint.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "daemon/pipeline/files/mark.h"
#include "daemon/pipeline/files/ownership.h"

/* Of 20261129T231954Z. */
#define STAMP_SIZE sizeof("YYYYMMDDTHHMMSSZ")

struct Adoption {
        Pipeline *pipeline;
        sd_id128_t id; /* of the installation from now on */
        int raised;    /* what became of the numbers that are given out */
        AdoptDone done;
        void *userdata;
        char **lines; /* what was decided; ends with NULL */
};

void adopt_free(Pipeline *pipeline)
{
        Adoption *adoption = pipeline->adoption;

        if (!adoption)
                return;
        text_free_list(adoption->lines);
        free(adoption);
        pipeline->adoption = NULL;
}

/* Where a directory is moved: data of an app stays beside the others, since only its own user could move it
 * to another directory; the rest goes to one of deployd's. Caller frees. */
static char *adopt_target(const ForeignItem *item, const char *stamp)
{
        const char *name = strrchr(item->path, '/'), *kept, *shelf;

        if (!name)
                return strdup(item->path);
        if (strncmp(item->path, PATH_APP_DATA "/", strlen(PATH_APP_DATA "/")) == 0) {
                /* What persist_directory() has named stays behind the new name, where it is nobody's. */
                kept = name + strcspn(name, "+");
                return text_format("%.*s.aside-%s%s", (int) (kept - item->path), item->path, stamp, kept);
        }
        shelf = strncmp(item->path, PATH_RELEASES "/", strlen(PATH_RELEASES "/")) == 0 ? "release" : "logs";
        return text_format(PATH_STATE "/aside-%s/%s-%s", stamp, shelf, name + 1);
}

/* What happens, or would happen, to an item. Caller frees; NULL when out of memory. */
static char *adopt_describe(const ForeignItem *item, const char *target)
{
        if (item->id == 0)
                return text_format("unit %s: is stopped", item->path);
        return text_format("%s %" PRIu64 ": %s is moved to %s", item->what, item->id, item->path, target);
}

/* Moves what is a directory to its target, which may be in `aside`. What is gone needs no place. 0 or
 * -errno. */
static int adopt_move(const ForeignItem *item, const char *target, const char *aside)
{
        if (item->id == 0)
                return 0;
        if (strncmp(target, aside, strlen(aside)) == 0 && mkdir(aside, 0700) < 0 && errno != EEXIST)
                return -errno;
        return rename(item->path, target) < 0 && errno != ENOENT ? -errno : 0;
}

/* The lines for all items; with `move` the directories are moved, too. 0 or -errno. */
static int adopt_items(Pipeline *pipeline, bool move, char ***ret)
{
        const Ownership *ownership = pipeline->ownership;
        _cleanup_free_ char *aside = NULL;
        time_t now = time(NULL);
        char stamp[STAMP_SIZE];
        ForeignItem *item;
        char **lines;
        size_t n = 1;
        struct tm tm;
        int r = 0;

        (void) strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
        LIST_FOREACH (items, item, ownership->items)
                n++;
        aside = text_format(PATH_STATE "/aside-%s", stamp);
        lines = aside ? calloc(n + 1, sizeof(char *)) : NULL;
        if (!lines)
                return -ENOMEM;
        n = 0;
        if (ownership->sentence) {
                lines[n] = strdup(ownership->sentence);
                r = lines[n++] ? 0 : -ENOMEM;
        }
        for (item = ownership->items; r >= 0 && item; item = item->items_next) {
                _cleanup_free_ char *target = adopt_target(item, stamp);

                if (!target || !(lines[n] = adopt_describe(item, target)))
                        r = -ENOMEM;
                else if (move)
                        r = adopt_move(item, target, aside);
                if (move && lines[n])
                        log_info("%s", lines[n]);
                n += lines[n] != NULL;
        }
        if (r < 0) {
                text_free_list(lines);
                return r;
        }
        *ret = lines;
        return 0;
}

/* What was unknown has no place any more, and the marks follow the database. */
static void adopt_on_set(void *userdata, int error, const StoreReply *reply)
{
        Adoption *adoption = userdata;
        Pipeline *pipeline = adoption->pipeline;
        InstallationRow *installation = &pipeline->model->installation;
        _cleanup_(sd_bus_error_free) sd_bus_error failure = SD_BUS_ERROR_NULL;
        int r = adoption->raised < 0 ? adoption->raised : error;

        if (r >= 0) {
                FAILPOINT("adopt.committed");
                installation->id = adoption->id;
                installation->last_app = MAX2(installation->last_app, pipeline->ownership->seen.app);
                installation->last_deployment =
                        MAX2(installation->last_deployment, pipeline->ownership->seen.deployment);
                installation->last_repository =
                        MAX2(installation->last_repository, pipeline->ownership->seen.repository);
                r = mark_write(pipeline->model);
        }
        if (r < 0)
                (void) sd_bus_error_setf(&failure, SD_BUS_ERROR_FAILED,
                                         "the decision could not be recorded, and can be made again: %s",
                                         reply->sentence[0] ? reply->sentence : strerror(-r));
        adoption->done(adoption->userdata, r < 0 ? &failure : NULL, (const char *const *) adoption->lines);
        adopt_free(pipeline);
        if (r < 0)
                return;
        ownership_clear(pipeline->ownership);
        r = pipeline->resumed
                    ? 0
                    : pipeline_resume(pipeline, pipeline->on_resumed, pipeline->on_resumed_userdata);
        if (r < 0)
                pipeline->on_resumed(pipeline->on_resumed_userdata, r);
}

static void adopt_on_raised(void *userdata, int error, _unused_ const StoreReply *reply)
{
        ((Adoption *) userdata)->raised = error;
}

static int adopt_begin(Pipeline *pipeline, Adoption *adoption)
{
        StoreAsk raise = { STORE_DEPLOYD, USEC_INFINITY, adopt_on_raised, adoption, NULL };
        StoreAsk ask = { STORE_DEPLOYD, USEC_INFINITY, adopt_on_set, adoption, NULL };
        sd_id128_t machine;
        int r;

        r = ownership_machine(&machine);
        if (r >= 0)
                r = sd_id128_randomize(&adoption->id);
        if (r >= 0)
                r = adopt_items(pipeline, /* move= */ true, &adoption->lines);
        /* From here on both ids count, until the new one is committed and the marks are written once more.
         */
        if (r >= 0)
                r = mark_prepare(pipeline->model, adoption->id);
        if (r >= 0)
                r = store_installation_raise(pipeline->store, &pipeline->ownership->seen, &raise);
        if (r >= 0)
                r = store_installation_set(pipeline->store, adoption->id, machine, &ask);
        if (r >= 0)
                pipeline->model->installation.machine = machine;
        return r;
}

int pipeline_adopt(Pipeline *pipeline, bool really, AdoptDone done, void *userdata, sd_bus_error *reterr)
{
        char **lines;
        int r;

        assert(pipeline);
        assert(done);

        if (pipeline->adoption)
                return sd_bus_error_set(reterr, SD_BUS_ERROR_FAILED, "the decision is being made already");
        if (!really || (!pipeline->ownership->sentence && !pipeline->ownership->items)) {
                r = adopt_items(pipeline, /* move= */ false, &lines);
                if (r < 0)
                        return r;
                done(userdata, NULL, (const char *const *) lines);
                text_free_list(lines);
                return 0;
        }
        pipeline->adoption = calloc(1, sizeof(Adoption));
        if (!pipeline->adoption)
                return -ENOMEM;
        *pipeline->adoption = (Adoption){ .pipeline = pipeline, .done = done, .userdata = userdata };
        r = adopt_begin(pipeline, pipeline->adoption);
        if (r < 0) {
                adopt_free(pipeline);
                return sd_bus_error_setf(reterr, SD_BUS_ERROR_FAILED,
                                         "nothing was decided, and 'deployd adopt' can be called again: %s",
                                         strerror(-r));
        }
        return 0;
}

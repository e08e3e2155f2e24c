/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/files/ownership.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "daemon/model/removed-app.h"
#include "daemon/model/unit-name.h"
#include "daemon/pipeline/files/mark.h"
#include "daemon/pipeline/files/shelf.h"

/* Of this machine: sd_id128_get_machine_app_specific(3). Made with `systemd-id128 new`. */
#define MACHINE_APP_ID SD_ID128_MAKE(3c, 7b, 6f, 27, 1f, 68, 43, 46, b3, b5, f8, 55, 0d, ba, f7, ba)

/* No database comes to such a number: a directory with a greater one is not of deployd, and ids go on below
 * it. */
#define ID_SEEN_MAX (UINT64_C(1) << 48)

#define WHAT_TO_DO                                                                                   \
        "nothing is deleted or stopped, and changes are refused, until the right disk and database " \
        "are there or 'deployd adopt' decides"

/* Directories with an entry for each app or deployment, named by its id. */
static const struct {
        const char *path;
        MarkPlace place;  /* UNSET: what is there says nothing of whose it is */
        const char *what; /* of one entry */
        bool of_app;      /* the id is an app's, else a deployment's */
        bool of_repository;
} shelves[] = {
        { PATH_APP_DATA, MARK_DATA, "data of app", true, false },
        { PATH_RELEASES, MARK_STATE, "release", false, false },
        { PATH_LOGS, MARK_STATE, "logs of app", true, false },
        { "/var/cache/private/deployd-apps", MARK_PLACE_UNSET, "cache of app", true, false },
        { "/var/cache/private/deployd-build", MARK_PLACE_UNSET, "cache of app", true, false },
        { "/var/cache/private/deployd-fetch", MARK_PLACE_UNSET, "mirror", false, true },
        { PATH_CREDENTIALS, MARK_PLACE_UNSET, "credential", false, true },
};

/* What the mark of a place says. */
typedef enum Verdict {
        VERDICT_UNSET,
        VERDICT_SAME,    /* this installation */
        VERDICT_MISSING, /* no mark is there, and none has been there */
        VERDICT_OTHER,   /* another installation */
        VERDICT_GONE,    /* no mark is there, though this machine had one */
        VERDICT_DAMAGED, /* the mark is no mark */
} Verdict;

int ownership_machine(sd_id128_t *ret)
{
        assert(ret);
        return sd_id128_get_machine_app_specific(MACHINE_APP_ID, ret);
}

static void foreign_item_free(Ownership *ownership, ForeignItem *item)
{
        LIST_REMOVE(items, ownership->items, item);
        free(item->path);
        free(item);
}

void ownership_clear(Ownership *ownership)
{
        assert(ownership);

        while (ownership->items)
                foreign_item_free(ownership, ownership->items);
        free(ownership->sentence);
        *ownership = (Ownership){};
}

Ownership *ownership_free(Ownership *ownership)
{
        if (!ownership)
                return NULL;
        ownership_clear(ownership);
        free(ownership);
        return NULL;
}

static int ownership_add(Ownership *ownership, const char *what, uint64_t id, bool of_app, const char *path)
{
        ForeignItem *item = calloc(1, sizeof(ForeignItem));

        if (!item)
                return -ENOMEM;
        *item = (ForeignItem){ .what = what, .id = id, .of_app = of_app, .path = strdup(path) };
        LIST_APPEND(items, ownership->items, item);
        return item->path ? 0 : -ENOMEM;
}

/* The first sentence counts. */
static int ownership_say(Ownership *ownership, char *sentence)
{
        _cleanup_free_ char *reason = sentence;

        if (!reason)
                return -ENOMEM;
        if (ownership->sentence)
                return 0;
        ownership->sentence = text_format("%s: " WHAT_TO_DO, reason);
        return ownership->sentence ? 0 : -ENOMEM;
}

static int ownership_read_mark(const Model *model, sd_id128_t machine, MarkPlace place, Mark *mark,
                               Verdict *ret)
{
        int r = mark_read(place, mark);

        if (r < 0 && r != -EBADMSG)
                return r;
        if (r == -EBADMSG)
                *ret = VERDICT_DAMAGED;
        else if (!sd_id128_is_null(mark->id))
                *ret = mark_is_of(mark, model->installation.id) ? VERDICT_SAME : VERDICT_OTHER;
        else
                *ret = sd_id128_equal(machine, model->installation.machine) ? VERDICT_GONE : VERDICT_MISSING;
        return 0;
}

/* Why a mark does not fit; NULL if it does. Caller frees. */
static char *ownership_describe(MarkPlace place, Verdict verdict)
{
        if (verdict == VERDICT_OTHER)
                return text_format("What is in %s is of another installation than the database",
                                   mark_directory(place));
        if (verdict == VERDICT_DAMAGED)
                return text_format("The file in %s that names its installation is damaged",
                                   mark_directory(place));
        return text_format("%s is not as it was left, as if its disk was not mounted",
                           mark_directory(place));
}

static bool shelf_entry_is_known(const Model *model, const Mark *mark, Verdict verdict, bool of_app,
                                 uint64_t id)
{
        if (verdict == VERDICT_OTHER)
                return of_app && mark_has_app(mark, model, id);
        if (of_app)
                return model_app_by_id(model, id) || removed_app_by_id(model, id);
        return id <= model->installation.last_deployment;
}

static void shelf_note(Ownership *ownership, size_t shelf, uint64_t id)
{
        StoreNumbers *seen = &ownership->seen;
        uint64_t *number = shelves[shelf].of_repository ? &seen->repository
                           : shelves[shelf].of_app      ? &seen->app
                                                        : &seen->deployment;

        if (id <= ID_SEEN_MAX)
                *number = MAX2(*number, id);
}

/* One entry of a shelf with a mark. */
static int shelf_judge_entry(Pipeline *pipeline, size_t shelf, const Mark *mark, Verdict verdict,
                             const ShelfEntry *entry)
{
        const Model *model = pipeline->model;
        Ownership *ownership = pipeline->ownership;
        bool of_app = shelves[shelf].of_app;
        uint64_t last = of_app ? model->installation.last_app : model->installation.last_deployment;
        _cleanup_free_ char *path = NULL;
        int r;

        if (shelf_entry_is_known(model, mark, verdict, of_app, entry->id))
                return 0;
        path = text_format("%s/%" PRIu64 "%s", shelves[shelf].path, entry->id, entry->behind);
        r = path ? ownership_add(ownership, shelves[shelf].what, entry->id, of_app, path) : -ENOMEM;
        if (r < 0 || entry->id <= last)
                return r;
        return ownership_say(ownership, text_format("The database does not know the %s %" PRIu64
                                                    " in %s, as if it was an "
                                                    "older or another one",
                                                    shelves[shelf].what, entry->id, shelves[shelf].path));
}

static int shelf_judge(Pipeline *pipeline, size_t shelf, const Mark *mark, Verdict verdict)
{
        _cleanup_free_ ShelfEntry *entries = NULL;
        int n = shelf_read(shelves[shelf].path, &entries), r = 0;

        for (int i = 0; r >= 0 && i < n; i++) {
                shelf_note(pipeline->ownership, shelf, entries[i].id);
                if (shelves[shelf].place != MARK_PLACE_UNSET)
                        r = shelf_judge_entry(pipeline, shelf, mark, verdict, &entries[i]);
        }
        return n < 0 ? n : r;
}

bool ownership_has_given_out(const Pipeline *pipeline, uint64_t deployment)
{
        assert(pipeline);
        return deployment <= pipeline->model->installation.last_deployment;
}

/* Units whose id is a deployment's that the database has never given out. */
static int units_judge(Pipeline *pipeline, char *const *units)
{
        Ownership *ownership = pipeline->ownership;

        for (; *units; units++) {
                _cleanup_unit_name_ UnitName name = {};
                int r = unit_name_parse(*units, &name);

                if (r == -ENOMEM)
                        return r;
                if (r < 0 || (unit_kind_row(name.kind)->owner != UNIT_OWNER_INSTANCE &&
                              unit_kind_row(name.kind)->owner != UNIT_OWNER_DEPLOYMENT))
                        continue;
                if (name.id <= ID_SEEN_MAX)
                        ownership->seen.deployment = MAX2(ownership->seen.deployment, name.id);
                if (ownership_has_given_out(pipeline, name.id))
                        continue;
                r = ownership_add(ownership, "unit", 0, false, *units);
                if (r >= 0)
                        r = ownership_say(
                                ownership,
                                text_format("The database does not know the unit %s, as if it was an "
                                            "older or another one",
                                            *units));
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Whether an entry of a shelf with that mark has a number. 1, 0 or -errno. */
static int place_has_entries(MarkPlace place)
{
        int n = 0;

        for (size_t shelf = 0; n == 0 && shelf < ELEMENTSOF(shelves); shelf++) {
                _cleanup_free_ ShelfEntry *entries = NULL;

                if (shelves[shelf].place == place)
                        n = shelf_read(shelves[shelf].path, &entries);
        }
        return n < 0 ? n : n > 0;
}

/* A mark that does not fit. Where neither the disk nor the database has anything of an app, as on a new
 * machine that is given a server of its own, nothing can be lost: the mark is written again. */
static int place_judge_mark(Pipeline *pipeline, MarkPlace place, Verdict verdict)
{
        const Model *model = pipeline->model;
        int r = model->apps || model->removed_apps ? 1 : place_has_entries(place);

        return r <= 0 ? r : ownership_say(pipeline->ownership, ownership_describe(place, verdict));
}

static int places_judge(Pipeline *pipeline, sd_id128_t machine)
{
        Ownership *ownership = pipeline->ownership;
        int r = 0;

        for (MarkPlace place = MARK_PLACE_UNSET + 1; r >= 0 && place < MARK_PLACE_MAX; place++) {
                _cleanup_mark_ Mark mark = {};
                Verdict verdict = VERDICT_UNSET;

                r = ownership_read_mark(pipeline->model, machine, place, &mark, &verdict);
                if (r >= 0 && verdict >= VERDICT_OTHER)
                        r = place_judge_mark(pipeline, place, verdict);
                ownership->must_mark = ownership->must_mark || verdict != VERDICT_SAME;
                for (size_t shelf = 0; r >= 0 && shelf < ELEMENTSOF(shelves); shelf++)
                        if (shelves[shelf].place == place)
                                r = shelf_judge(pipeline, shelf, &mark, verdict);
        }
        for (size_t shelf = 0; r >= 0 && shelf < ELEMENTSOF(shelves); shelf++)
                if (shelves[shelf].place == MARK_PLACE_UNSET)
                        r = shelf_judge(pipeline, shelf, NULL, VERDICT_UNSET);
        return r;
}

int ownership_judge(Pipeline *pipeline, char *const *units)
{
        Ownership *ownership = pipeline->ownership;
        sd_id128_t machine;
        int r;

        assert(pipeline);
        assert(units);

        ownership_clear(ownership);
        r = ownership_machine(&machine);
        if (r >= 0)
                r = places_judge(pipeline, machine);
        if (r >= 0)
                r = units_judge(pipeline, units);
        if (r < 0)
                return r;
        ownership->known = true;
        ownership->must_mark =
                ownership->must_mark || !sd_id128_equal(machine, pipeline->model->installation.machine);
        if (ownership->sentence)
                log_line(LOG_WARNING, MESSAGE_FOREIGN_DATA, NULL, "%s", ownership->sentence);
        return ownership->sentence != NULL;
}

int ownership_settle(Pipeline *pipeline)
{
        InstallationRow *installation = &pipeline->model->installation;
        const StoreNumbers *seen = &pipeline->ownership->seen;
        const StoreAsk ask = { .actor = STORE_DEPLOYD, .deadline = USEC_INFINITY };
        ForeignItem *item;
        sd_id128_t machine;
        int r = 0;

        LIST_FOREACH (items, item, pipeline->ownership->items)
                log_warning("No row of the database has the %s %" PRIu64
                            " in %s: it is left alone, and 'deployd "
                            "adopt' moves it aside",
                            item->what, item->id, item->path);
        if (seen->app > installation->last_app || seen->repository > installation->last_repository)
                r = store_installation_raise(pipeline->store, seen, &ask);
        installation->last_app = MAX2(installation->last_app, seen->app);
        installation->last_repository = MAX2(installation->last_repository, seen->repository);
        if (r >= 0)
                r = ownership_machine(&machine);
        if (r < 0)
                return r;
        /* Killed after a change was committed, the last start may have left out the line of an app. */
        if (!pipeline->ownership->must_mark) {
                r = mark_write(pipeline->model);
                if (r < 0)
                        log_warning("The marks beside the data are not renewed, ignoring: %s", strerror(-r));
                return 0;
        }
        if (!sd_id128_is_null(installation->machine) && !sd_id128_equal(installation->machine, machine))
                log_warning(
                        "Another machine had the apps of this database: what they have stored there is not "
                        "here");
        /* The marks first: a mark that is there counts more than a machine that is noted. */
        r = mark_write(pipeline->model);
        if (r < 0) {
                r = ownership_say(
                        pipeline->ownership,
                        text_format("The marks beside the data cannot be written (%s)", strerror(-r)));
                return r < 0 ? r : 1;
        }
        installation->machine = machine;
        pipeline->ownership->must_mark = false;
        return store_installation_set(pipeline->store, SD_ID128_NULL, machine, &ask);
}

int ownership_refuse(Pipeline *pipeline, sd_bus_error *reterr)
{
        Ownership *ownership = pipeline->ownership;

        assert(pipeline);

        /* A disk can go while deployd runs. */
        for (MarkPlace place = MARK_PLACE_UNSET + 1; !ownership->sentence && place < MARK_PLACE_MAX;
             place++) {
                _cleanup_mark_ Mark mark = {};
                int r = mark_read(place, &mark);

                if (r < 0 && r != -EBADMSG)
                        return r;
                if (!mark_is_of(&mark, pipeline->model->installation.id))
                        return sd_bus_error_setf(
                                reterr, BUS_ERROR_FOREIGN_DATA,
                                "%s is not as deployd left it, as if its disk was not mounted: mount it, then "
                                "'systemctl restart deployd'",
                                mark_directory(place));
        }
        return ownership->sentence ? sd_bus_error_set(reterr, BUS_ERROR_FOREIGN_DATA, ownership->sentence)
                                   : 0;
}

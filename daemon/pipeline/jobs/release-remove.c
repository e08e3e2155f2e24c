/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/jobs/release-remove.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/failpoint.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "daemon/pipeline/files/release.h"
#include "daemon/pipeline/jobs/oneshot.h"

#define SUFFIX_TRASH ".trash"

/* Removing a large tree from a slow disk takes its time; whatever is left is found again at the next start.
 */
#define REMOVE_TIMEOUT_USEC (1800 * USEC_PER_SEC)

/* One removal. */
typedef struct Removal {
        Pipeline *pipeline;
        Oneshot *oneshot;
        LIST_FIELDS(struct Removal, removals);
} Removal;

static Removal *removal_free(Removal *removal)
{
        oneshot_free(removal->oneshot);
        LIST_REMOVE(removals, removal->pipeline->removals, removal);
        free(removal);
        return NULL;
}

void release_removals_free(Pipeline *pipeline)
{
        while (pipeline->removals)
                removal_free(pipeline->removals);
}

static void removal_on_end(void *userdata, const OneshotEnd *end)
{
        if (end->result == ONESHOT_NOT_STARTED)
                log_warning("Cannot start unit %s, trying again at the next start: %s", end->unit,
                            end->sentence);
        else if (end->sentence)
                log_warning("Unit %s %s; what it was to remove is tried again at the next start", end->unit,
                            end->sentence);
        removal_free(userdata);
}

/* Starts `rm` on one entry of PATH_RELEASES. */
static int removal_start(Pipeline *pipeline, const char *entry, uint64_t number)
{
        _cleanup_free_ char *unit = unit_name_make(UNIT_REMOVE, "release", number, NULL, 0);
        _cleanup_free_ char *path = text_format("/srv/%s", entry);
        UnitSpec spec = UNIT_SPEC_INIT;
        Removal *removal;
        int r;

        removal = calloc(1, sizeof(Removal));
        if (!unit || !path || !removal) {
                free(removal);
                return -ENOMEM;
        }
        removal->pipeline = pipeline;
        LIST_PREPEND(removals, pipeline->removals, removal);

        spec.kind = UNIT_REMOVE;
        spec.name = unit;
        spec.arguments[0] = "/bin/rm";
        spec.arguments[1] = "-rf";
        spec.arguments[2] = "--one-file-system";
        spec.arguments[3] = "--";
        spec.arguments[4] = path;
        spec.binds[0] = (UnitBind){ PATH_RELEASES, "/srv", true };
        spec.timeout_usec = REMOVE_TIMEOUT_USEC;
        r = oneshot_new(pipeline,
                        &(OneshotParams){ .spec = &spec, .done = removal_on_end, .userdata = removal },
                        &removal->oneshot);
        if (r < 0)
                removal_free(removal);
        return r;
}

/* The entry under a name that nothing else has, and a unit that removes it. */
static void throw_away(Pipeline *pipeline, const char *entry)
{
        _cleanup_free_ char *from = text_format(PATH_RELEASES "/%s", entry), *to = NULL, *trash = NULL;
        uint64_t number = ++pipeline->n_removed;
        int r;

        trash = text_format("%" PRIu64 SUFFIX_TRASH, number);
        to = trash ? text_format(PATH_RELEASES "/%s", trash) : NULL;
        if (!from || !to) {
                log_warning("Cannot remove release %s, trying again at the next start: out of memory",
                            entry);
                return;
        }
        if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) < 0) {
                if (errno != ENOENT)
                        log_warning("Cannot remove release %s, trying again at the next start: %m", entry);
                return;
        }
        FAILPOINT("release-trash.after");
        r = removal_start(pipeline, trash, number);
        if (r < 0)
                log_warning("Cannot remove release %s, trying again at the next start: %s", entry,
                            strerror(-r));
}

void release_remove(Pipeline *pipeline, uint64_t id)
{
        _cleanup_free_ char *whole = text_format("%" PRIu64, id),
                            *made = text_format("%" PRIu64 RELEASE_SUFFIX_NEW, id);

        assert(pipeline);

        if (whole)
                throw_away(pipeline, whole);
        if (made)
                throw_away(pipeline, made);
}

/* The number of an entry `N.trash`; 0 if it is none. */
static uint64_t trash_number(const char *entry)
{
        _cleanup_free_ char *number = strndup(entry, strcspn(entry, "."));
        uint64_t value;

        return number && strcmp(entry + strlen(number), SUFFIX_TRASH) == 0 &&
                               text_to_u64(number, INT64_MAX, &value) >= 0
                       ? value
                       : 0;
}

int release_sweep(Pipeline *pipeline, bool (*keep)(Pipeline *pipeline, uint64_t id))
{
        struct dirent **entries;
        int n;

        assert(pipeline);
        assert(keep);

        n = scandir(PATH_RELEASES, &entries, NULL, alphasort);
        if (n < 0)
                return -errno;
        for (int i = 0; i < n; i++)
                pipeline->n_removed = MAX2(pipeline->n_removed, trash_number(entries[i]->d_name));
        for (int i = 0; i < n; i++) {
                const char *entry = entries[i]->d_name;
                uint64_t id;

                if (strcmp(entry, ".") != 0 && strcmp(entry, "..") != 0 &&
                    (text_to_u64(entry, INT64_MAX, &id) < 0 || !keep(pipeline, id)))
                        throw_away(pipeline, entry);
                free(entries[i]);
        }
        free(entries);
        return 0;
}

int release_prepare(Pipeline *pipeline, uint64_t id, char **ret)
{
        _cleanup_free_ char *path = release_path(id, RELEASE_SUFFIX_NEW);

        assert(ret);

        if (!path)
                return -ENOMEM;
        release_remove(pipeline, id);
        FAILPOINT("release-prepare.before");
        if (mkdir(path, 0755) < 0)
                return -errno;
        /* The umask of the daemon is its own business: the app's user has to get in. */
        if (chmod(path, 0755) < 0)
                return -errno;
        FAILPOINT("release-prepare.after");
        *ret = TAKE_PTR(path);
        return 0;
}

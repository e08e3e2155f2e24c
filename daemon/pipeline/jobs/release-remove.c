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
#include "daemon/pipeline/jobs/reap.h"

#define SUFFIX_TRASH ".trash"

/* Removing a large tree from a slow disk takes its time; whatever is left is found again at the next start.
 */
#define REMOVE_TIMEOUT_USEC (1800 * USEC_PER_SEC)

/* One removal; its unit is reaped when it has ended. */
typedef struct Removal {
        Pipeline *pipeline;
        char *unit;
        UnitWatch *watch;
        UnitCall *call;
        LIST_FIELDS(struct Removal, removals);
} Removal;

static Removal *removal_free(Removal *removal)
{
        unit_watch_free(removal->watch);
        unit_call_free(removal->call);
        LIST_REMOVE(removals, removal->pipeline->removals, removal);
        free(removal->unit);
        free(removal);
        return NULL;
}

void release_removals_free(Pipeline *pipeline)
{
        while (pipeline->removals)
                removal_free(pipeline->removals);
}

static void on_removal_state(void *userdata, const UnitState *state)
{
        Removal *removal = userdata;

        if (!unit_state_is_over(state))
                return;
        if (!unit_state_is_success(state)) {
                _cleanup_free_ char *end = unit_state_describe_end(state);

                log_warning("Unit %s %s; what it was to remove is tried again at the next start",
                            removal->unit, text_or_empty(end));
        }
        reap_unit(removal->pipeline, removal->unit, (ReapOwner){});
        removal_free(removal);
}

static void on_removal_started(void *userdata, int error, const char *sentence)
{
        Removal *removal = userdata;

        removal->call = NULL;
        if (error >= 0)
                error = unit_watch_new(removal->pipeline->units, removal->unit, on_removal_state, removal,
                                       &removal->watch);
        if (error < 0) {
                log_warning("Cannot start unit %s, trying again at the next start: %s", removal->unit,
                            sentence ? sentence : strerror(-error));
                removal_free(removal);
        }
}

/* Starts `rm` on one entry of PATH_RELEASES. */
static int start_removal(Pipeline *pipeline, const char *entry, uint64_t number)
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
        removal->unit = TAKE_PTR(unit);
        LIST_PREPEND(removals, pipeline->removals, removal);

        spec.kind = UNIT_REMOVE;
        spec.name = removal->unit;
        spec.arguments[0] = "/bin/rm";
        spec.arguments[1] = "-rf";
        spec.arguments[2] = "--one-file-system";
        spec.arguments[3] = "--";
        spec.arguments[4] = path;
        spec.binds[0] = (UnitBind){ PATH_RELEASES, "/srv", true };
        spec.timeout_usec = REMOVE_TIMEOUT_USEC;
        r = units_start(pipeline->units, &spec, on_removal_started, removal, &removal->call);
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
        r = start_removal(pipeline, trash, number);
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
        _cleanup_free_ char *number = strdup(entry);
        char *suffix = number ? strstr(number, SUFFIX_TRASH) : NULL;
        uint64_t value;

        if (!suffix)
                return 0;
        *suffix = '\0';
        return text_to_u64(number, INT64_MAX, &value) < 0 ? 0 : value;
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

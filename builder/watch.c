/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "builder/watch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "builder/guard.h"
#include "release/refuse.h"
#include "release/walk.h"

#define CGROUP_ROOT "/sys/fs/cgroup"

/* What st_blocks counts, whatever st_blksize says: stat(2). */
#define STAT_BLOCK 512

/* At most a tenth of the time, at most every second. But who makes so many files that a look takes long is
 * looked at all the same. */
#define PAUSE_SHARE 9
#define PAUSE_MIN   USEC_PER_SEC
#define PAUSE_MAX   (10 * USEC_PER_SEC)

/* What lies on the disk. When it is more than `max`, the rest is not looked at. */
typedef struct Sum {
        uint64_t bytes, max;
} Sum;

static int add_entry(const WalkEntry *entry, void *userdata)
{
        uint64_t bytes = (uint64_t) entry->state->st_blocks * STAT_BLOCK;
        Sum *sum = userdata;

        /* Each name of a file adds its share. */
        guard_feed();
        sum->bytes += S_ISDIR(entry->state->st_mode) ? bytes : bytes / MAX2(entry->state->st_nlink, 1U);
        return sum->bytes > sum->max ? -EDQUOT : 0;
}

int watch_measure(int directory_fd, uint64_t *ret)
{
        Sum sum = { .max = UINT64_MAX };
        int r;

        assert(ret);

        r = walk_tree(directory_fd, add_entry, &sum);
        *ret = sum.bytes;
        return r;
}

/* The file that counts forks refused for pids.max: "0::/PATH" of the unified hierarchy, or a line
 * "8:pids:/PATH" where the controller has a hierarchy of its own. NULL if there is none. */
static char *find_refusals(void)
{
        _cleanup_file_ FILE *file = fopen("/proc/self/cgroup", "re");
        _cleanup_free_ char *line = NULL, *found = NULL;
        size_t size = 0;

        while (file && getline(&line, &size, file) > 0) {
                char *controllers = strchr(line, ':'), *path;

                line[strcspn(line, "\n")] = '\0';
                path = controllers ? strchr(controllers + 1, ':') : NULL;
                if (!path)
                        continue;
                *path++ = '\0';
                if (strcmp(controllers, ":pids") == 0)
                        return text_format(CGROUP_ROOT "/pids%s/pids.events", path);
                if (strcmp(line, "0") == 0 || strcmp(controllers, ":") == 0) {
                        free(found);
                        found = text_format(CGROUP_ROOT "%s/pids.events", path);
                }
        }
        return TAKE_PTR(found);
}

/* How many forks were refused; 0 where that is not counted. */
static uint64_t read_refusals(const char *path)
{
        _cleanup_file_ FILE *file = path ? fopen(path, "re") : NULL;
        uint64_t refusals;

        return file && fscanf(file, "max %" SCNu64, &refusals) == 1 ? refusals : 0;
}

void watch_begin(Watch *watch)
{
        assert(watch);

        watch->refusals_path = find_refusals();
        watch->refusals = read_refusals(watch->refusals_path);
        watch->next = 0;
}

void watch_done(Watch *watch)
{
        assert(watch);

        free(watch->refusals_path);
        watch->refusals_path = NULL;
}

static int look_at_tasks(const Watch *watch, char **reterr)
{
        if (read_refusals(watch->refusals_path) <= watch->refusals)
                return 0;
        return refuse(reterr, -EDQUOT,
                      "it needed more than %" PRIu64
                      " processes and threads: build-tasks-max of [runner] in deploy.conf",
                      watch->max_tasks);
}

static int look_at_free(const Watch *watch, int directory_fd, char **reterr)
{
        struct statvfs state;
        SizeText text;

        if (watch->min_free == 0)
                return 0;
        if (fstatvfs(directory_fd, &state) < 0)
                return refuse(reterr, -errno, "cannot look at the disk: %s", strerror(errno));
        if ((uint64_t) state.f_bavail * state.f_frsize >= watch->min_free)
                return 0;
        return refuse(reterr, -EDQUOT,
                      "it left less than %s of the disk: min-free-space of [runner] in deploy.conf",
                      text_size(watch->min_free, text));
}

static int look_at_bytes(const Watch *watch, char **reterr)
{
        Sum sum = { .max = watch->max_bytes };
        SizeText text;

        for (size_t i = 0; i < ELEMENTSOF(watch->directories); i++) {
                int r = walk_tree(watch->directories[i], add_entry, &sum);

                if (r == -EDQUOT)
                        return refuse(reterr, -EDQUOT,
                                      "it used more than %s of the disk: build-disk-max of [runner] in "
                                      "deploy.conf",
                                      text_size(watch->max_bytes, text));
                /* What cannot be measured may be as large as it likes. */
                if (r == -ENAMETOOLONG)
                        return refuse(reterr, -EDQUOT, "it made more than %d directories inside one another",
                                      WALK_DEPTH_MAX);
                if (r < 0)
                        return refuse(reterr, r, "cannot look at what it wrote: %s", strerror(-r));
        }
        return 0;
}

int watch_look(Watch *watch, char **reterr)
{
        uint64_t began = clock_usec(CLOCK_MONOTONIC), ended;
        int r;

        assert(watch);
        assert(reterr);

        r = look_at_tasks(watch, reterr);
        for (size_t i = 0; i < ELEMENTSOF(watch->directories) && r >= 0; i++)
                r = look_at_free(watch, watch->directories[i], reterr);
        if (r >= 0)
                r = look_at_bytes(watch, reterr);
        ended = clock_usec(CLOCK_MONOTONIC);
        watch->next = ended + MIN2(MAX2(PAUSE_SHARE * (ended - began), PAUSE_MIN), PAUSE_MAX);
        return r;
}

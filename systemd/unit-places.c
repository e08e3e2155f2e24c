/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "systemd/unit-places.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"
#include "systemd/follow.h"
#include "systemd/unit-property.h"

#define PATH_SHM "/dev/shm"
#define SHM_PAGE 4096

/* Anybody may write there: nobody else is in the unit. */
static int append_memory(sd_bus_message *message, const char *path, uint64_t size, uint64_t files)
{
        _cleanup_free_ char *options = NULL;
        int r;

        if (!path)
                return 0;
        r = unit_property_check(path);
        if (r < 0)
                return r;
        options = text_format("size=%llu,nr_inodes=%llu,mode=1777", (unsigned long long) size,
                              (unsigned long long) files);
        return options ? sd_bus_message_append(message, "(sv)", "TemporaryFileSystem", "a(ss)", 1, path,
                                               options)
                       : -ENOMEM;
}

static int append_tmpfs(sd_bus_message *message, const UnitSpec *spec)
{
        int r = append_memory(message, spec->tmpfs, spec->tmpfs_size, spec->tmpfs_files);

        /* 0 files would be any number. */
        return r < 0 ? r
                     : append_memory(message, spec->shm_size != 0 ? PATH_SHM : NULL, spec->shm_size,
                                     spec->shm_size / SHM_PAGE + 1);
}

static int append_bind(sd_bus_message *message, const char *source, const char *target, bool optional)
{
        int r;

        r = unit_property_check(source);
        if (r >= 0)
                r = unit_property_check(target);
        return r < 0 ? r : sd_bus_message_append(message, "(ssbt)", source, target, optional, (uint64_t) 0);
}

/* What is missing, or cannot be shown, keeps no unit from starting; `deployd verify` names it. */
static int append_followed(sd_bus_message *message, const Sandbox *sandbox)
{
        _cleanup_follow_ Follow followed = {};
        FollowView view = { .hidden = {} };
        int r = 0;

        if (!sandbox->sees_binds)
                view = follow_view(sandbox);

        for (const char *const *file = follow_files; sandbox->uses_network && *file; file++)
                if ((sandbox->sees_binds ? follow_to_end(*file, &followed)
                                         : follow(*file, &view, &followed)) == -ENOMEM)
                        return -ENOMEM;
        for (size_t i = 0; r >= 0 && i < followed.n_binds; i++)
                r = append_bind(message, followed.binds[i].source, followed.binds[i].target, true);
        return r;
}

/* The kind's own binds, what the machine's files lead to and the unit's, in one list: of two with one target
 * systemd takes the first without a word. */
static int append_read_only_binds(sd_bus_message *message, const UnitSpec *spec, const Sandbox *sandbox)
{
        int r;

        r = unit_property_open_array(message, "BindReadOnlyPaths", "(ssbt)");
        for (size_t i = 0; i < ELEMENTSOF(sandbox->binds); i++)
                for (const SandboxBind *bind = sandbox->binds[i]; r >= 0 && bind && bind->path; bind++)
                        r = append_bind(message, bind->path, bind->path, bind->optional);
        if (r >= 0)
                r = append_followed(message, sandbox);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(spec->binds) && spec->binds[i].source; i++)
                if (!spec->binds[i].writable)
                        r = append_bind(message, spec->binds[i].source, spec->binds[i].target, false);
        return r < 0 ? r : unit_property_close_array(message);
}

/* An empty list would take back what the one before it says: writable binds are appended one by one. */
static int append_writable_binds(sd_bus_message *message, const UnitSpec *spec)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(spec->binds) && spec->binds[i].source; i++) {
                if (!spec->binds[i].writable)
                        continue;
                r = unit_property_open_array(message, "BindPaths", "(ssbt)");
                if (r >= 0)
                        r = append_bind(message, spec->binds[i].source, spec->binds[i].target, false);
                if (r >= 0)
                        r = unit_property_close_array(message);
        }
        return r;
}

/* The programs of a tree can be run wherever the machine keeps them: a hardened one mounts /var noexec. What
 * else a unit writes to has what the administrator decided; but tools that a build has installed into its
 * cache are run there: see sandbox.c. Not a directory in memory, of which PID 1 would mount nothing then: of
 * two entries with one path systemd 252 drops this one (src/core/namespace.c, drop_duplicates()). */
static int append_executable(sd_bus_message *message, const UnitSpec *spec)
{
        _cleanup_free_ char *cache = NULL;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(spec->binds) && spec->binds[i].source; i++)
                if (strcmp(spec->binds[i].target, PATH_APP_TREE) == 0)
                        r = unit_property_append_list(message, "ExecPaths", PATH_APP_TREE);
        if (r < 0 || spec->kind != UNIT_BUILD || !spec->cache_directory)
                return r;
        cache = text_format(CACHE_PRIVATE "/%s", spec->cache_directory);
        return cache ? unit_property_append_list(message, "ExecPaths", cache) : -ENOMEM;
}

int unit_places_append(sd_bus_message *message, const UnitSpec *spec, const Sandbox *sandbox)
{
        int r;

        assert(message);
        assert(spec);
        assert(sandbox);

        r = append_tmpfs(message, spec);
        if (r >= 0)
                r = append_read_only_binds(message, spec, sandbox);
        if (r >= 0)
                r = append_writable_binds(message, spec);
        return r < 0 ? r : append_executable(message, spec);
}

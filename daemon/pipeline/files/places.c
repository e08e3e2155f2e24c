/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/pipeline/files/places.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/names.h"
#include "base/text.h"
#include "daemon/model/persist.h"
#include "daemon/pipeline/files/release.h"
#include "daemon/pipeline/files/shelf.h"

/* Whether the tree has the directory, no part of it a link. 0 or -errno. */
static int place_find(int tree_fd, const char *name)
{
        _cleanup_free_ char *parts = strdup(name);
        _cleanup_close_ int fd = parts ? fcntl(tree_fd, F_DUPFD_CLOEXEC, 0) : -1;
        char *rest = parts;

        if (!parts)
                return -ENOMEM;
        while (fd >= 0 && rest) {
                int below_fd = openat(fd, strsep(&rest, "/"), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

                if (below_fd < 0)
                        return -errno;
                closep(&fd);
                fd = below_fd;
        }
        return fd < 0 ? -errno : 0;
}

/* Caller frees; NULL when out of memory. */
static char *place_describe(const Deployment *deployment, const char *name, int error)
{
        if (error == -ENOENT)
                return text_format("the setting persist has %s, which the release of deployment %" PRIu64
                                   " does not have: 'deployctl deploy %s' makes one that has it",
                                   name, deployment->release_id, deployment->app->name);
        return text_format(
                "the setting persist has %s, which is no directory in the tree: 'deployctl app set %s "
                "persist=DIRECTORY'",
                name, deployment->app->name);
}

int places_check(const Deployment *deployment, const AppSettings *settings, char **ret_refusal)
{
        const char *persist = settings->persist;
        _cleanup_free_ char *tree = release_path(deployment->release_id, "app");
        _cleanup_close_ int tree_fd = -1;
        char **names;
        int r;

        assert(ret_refusal);

        *ret_refusal = NULL;
        if (persist[0] == '\0')
                return 0;
        tree_fd = tree ? open(tree, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
        if (!tree || tree_fd < 0)
                return tree ? -errno : -ENOMEM;
        r = persist_split(persist, &names);
        if (r < 0)
                return r;
        for (char **name = names; r >= 0 && !*ret_refusal && *name; name++) {
                r = place_find(tree_fd, *name);
                /* In a copy of the tree deployd-launch makes it. */
                if (r == -ENOENT && strcmp(settings->writable_tree, "yes") == 0)
                        r = 0;
                else if (r == -ENOENT || r == -ENOTDIR || r == -ELOOP) {
                        *ret_refusal = place_describe(deployment, *name, r);
                        r = *ret_refusal ? 0 : -ENOMEM;
                }
        }
        text_free_list(names);
        return r;
}

int places_list(uint64_t app, char ***ret)
{
        _cleanup_free_ ShelfEntry *entries = NULL;
        int n = shelf_read(PATH_APP_DATA, &entries);
        char **found;
        size_t n_found = 0;

        assert(ret);

        if (n < 0)
                return n;
        found = calloc((size_t) n + 1, sizeof(char *));
        for (int i = 0; found && i < n; i++) {
                _cleanup_free_ char *directory = NULL;

                if (entries[i].id != app || entries[i].behind[0] == '\0')
                        continue;
                directory = unit_kind_directory(UNIT_APP, app);
                found[n_found] = directory ? text_format("%s%s", directory, entries[i].behind) : NULL;
                if (!found[n_found++]) {
                        text_free_list(found);
                        return -ENOMEM;
                }
        }
        *ret = found;
        return found ? 0 : -ENOMEM;
}

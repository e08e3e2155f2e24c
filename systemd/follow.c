/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "systemd/follow.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "base/text.h"
#include "systemd/unit-text.h"

/* MAXSYMLINKS of the kernel. */
#define LINKS_MAX 40

const char *const follow_files[] = {
        "/etc/resolv.conf",
        "/etc/hosts",
        "/etc/host.conf",
        "/etc/nsswitch.conf",
        "/etc/gai.conf",
        "/etc/services",
        "/etc/localtime",
        "/etc/ssl/openssl.cnf",
        "/etc/ssl/certs",
        "/etc/ssl/certs/ca-certificates.crt",
        NULL,
};

/* The way to a file: `done` has no link in it and no slash at its end ("" is the root), `rest` is still to
 * be looked up from there. */
typedef struct Walk {
        const FollowView *view;
        Follow *follow;
        char *done, *rest;
        unsigned n_links;
} Walk;

static void walk_done(Walk *walk)
{
        free(walk->done);
        free(walk->rest);
}

static bool is_below(const char *path, const char *directory)
{
        size_t size = strlen(directory);

        return strncmp(path, directory, size) == 0 && (path[size] == '/' || path[size] == '\0');
}

static bool is_hidden(const FollowView *view, const char *path)
{
        for (const char *const *directory = view->hidden; *directory; directory++)
                if (is_below(path, *directory))
                        return true;
        return false;
}

/* Whether the unit sees it already. */
static bool is_shown(const Walk *walk, const char *path)
{
        for (const char *const *shown = walk->view->shown; *shown; shown++)
                if (is_below(path, *shown))
                        return true;
        for (size_t i = 0; i < walk->follow->n_binds; i++)
                if (is_below(path, walk->follow->binds[i].target))
                        return true;
        return false;
}

/* Whether the directory is nobody else's, as far as a unit is concerned. */
static bool is_its_own(const FollowView *view, const char *directory)
{
        if (directory[0] == '\0')
                return false;
        for (const char *const *hidden = view->hidden; *hidden; hidden++)
                if (is_below(*hidden, directory))
                        return false;
        for (const char *const *shown = view->shown; *shown; shown++)
                if (is_below(*shown, directory))
                        return false;
        return true;
}

static int follow_add_bind(Walk *walk, const char *source, const char *target)
{
        Follow *follow = walk->follow;
        FollowBind *binds;

        if (is_shown(walk, target))
                return 0;
        if (!unit_text_is_allowed(source) || !unit_text_is_allowed(target))
                return -EINVAL;
        binds = reallocarray(follow->binds, follow->n_binds + 1, sizeof(*binds));
        if (!binds)
                return -ENOMEM;
        follow->binds = binds;
        binds[follow->n_binds] = (FollowBind){ strdup(source), strdup(target) };
        if (binds[follow->n_binds].source && binds[follow->n_binds].target) {
                follow->n_binds++;
                return 0;
        }
        free(binds[follow->n_binds].source);
        free(binds[follow->n_binds].target);
        return -ENOMEM;
}

/* A unit property takes no path that goes back. */
static bool is_normal(const char *path)
{
        size_t size = strlen(path);

        return !strstr(path, "/../") && !strstr(path, "/./") && !strstr(path, "//") &&
               (size < 3 || strcmp(path + size - 3, "/..") != 0);
}

/* Shows the file alone, at the place where the link that is visible leads. */
static int add_file(Walk *walk, const char *place)
{
        _cleanup_free_ char *target = text_format("%s%s%s", place, walk->rest[0] ? "/" : "", walk->rest);
        _cleanup_free_ char *real = NULL;

        if (!target)
                return -ENOMEM;
        if (!is_normal(target))
                return -EINVAL;
        real = realpath(target, NULL);
        return real ? follow_add_bind(walk, real, target) : -errno;
}

/* Takes the next name off `rest`, which then begins with the one after it. Caller frees. */
static char *next_name(Walk *walk)
{
        size_t blank = strspn(walk->rest, "/"), size = strcspn(walk->rest + blank, "/");
        char *name = strndup(walk->rest + blank, size);
        const char *after = walk->rest + blank + size;

        after += strspn(after, "/");
        memmove(walk->rest, after, strlen(after) + 1);
        return name;
}

/* `place` is a link: on from what it says. */
static int step_link(Walk *walk, const char *place)
{
        char target[PATH_MAX];
        ssize_t size = readlink(place, target, sizeof(target) - 1);
        char *rest;

        if (size < 0)
                return -errno;
        target[size] = '\0';
        if (++walk->n_links > LINKS_MAX)
                return -ELOOP;
        rest = text_format("%s%s%s", target, walk->rest[0] ? "/" : "", walk->rest);
        if (!rest)
                return -ENOMEM;
        free(walk->rest);
        walk->rest = rest;
        if (target[0] == '/')
                walk->done[0] = '\0';
        return 0;
}

/* There is no `place`. Its directory, which may come later, is seen then by what PID 1 starts again. */
static int add_awaited(Walk *walk, const char *place)
{
        _cleanup_free_ char *directory = text_format("%s/%s", place, walk->rest);
        char *end;
        int r = 0;

        if (!directory)
                return -ENOMEM;
        if (walk->rest[0] == '\0')
                directory[strlen(place)] = '\0';
        end = strrchr(directory, '/');
        *end = '\0';
        if (!is_normal(directory))
                return -EINVAL;
        if (is_hidden(walk->view, directory) && is_its_own(walk->view, directory))
                r = follow_add_bind(walk, directory, directory);
        return r < 0 ? r : -ENOENT;
}

/* `place` is a link or the end, and the unit does not see it. Positive: all is done with that. */
static int follow_show_place(Walk *walk, const char *place)
{
        int r;

        if (is_its_own(walk->view, walk->done))
                return follow_add_bind(walk, walk->done, walk->done);
        r = add_file(walk, place);
        return r < 0 ? r : 1;
}

/* One name further. Positive: it is at its end. */
static int follow_step(Walk *walk)
{
        _cleanup_free_ char *name = next_name(walk), *place = NULL;
        bool is_last = walk->rest[0] == '\0', is_link;
        struct stat status;
        int r = 0;

        if (!name)
                return -ENOMEM;
        if (strcmp(name, "..") == 0)
                *(strrchr(walk->done, '/') ? strrchr(walk->done, '/') : walk->done) = '\0';
        if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
                return is_last;

        place = text_format("%s/%s", walk->done, name);
        if (!place || text_replace(&walk->follow->place, place) < 0)
                return -ENOMEM;
        if (lstat(place, &status) < 0)
                return errno == ENOENT ? add_awaited(walk, place) : -errno;
        is_link = S_ISLNK(status.st_mode);
        if ((is_last || is_link) && is_hidden(walk->view, place) && !is_shown(walk, place))
                r = follow_show_place(walk, place);
        if (r != 0)
                return r;
        if (is_link)
                return step_link(walk, place);
        free(walk->done);
        walk->done = TAKE_PTR(place);
        return is_last;
}

int follow(const char *path, const FollowView *view, Follow *follow)
{
        _cleanup_(walk_done) Walk walk = { .view = view, .follow = follow };
        int r;

        assert(path && path[0] == '/');
        assert(view);
        assert(follow);

        walk.done = strdup("");
        walk.rest = strdup(path);
        if (!walk.done || !walk.rest)
                return -ENOMEM;
        do
                r = follow_step(&walk);
        while (r == 0);
        return r < 0 ? r : 0;
}

int follow_to_end(const char *path, Follow *follow)
{
        static const FollowView nothing;
        Walk walk = { .view = &nothing, .follow = follow };
        _cleanup_free_ char *real = NULL;

        assert(path && path[0] == '/');
        assert(follow);

        real = realpath(path, NULL);
        return real ? follow_add_bind(&walk, real, path) : -errno;
}

FollowView follow_view(const Sandbox *sandbox)
{
        FollowView view = { .hidden = {} };
        size_t n_hidden = 0, n_shown = 0;

        assert(sandbox && !sandbox->sees_binds);

        /* PrivateTmp=, which all have. */
        view.hidden[n_hidden++] = "/tmp";
        view.hidden[n_hidden++] = "/var/tmp";
        for (const SandboxTmpfs *tmpfs = sandbox->tmpfs; tmpfs && tmpfs->path; tmpfs++) {
                assert(n_hidden + 1 < ELEMENTSOF(view.hidden));
                view.hidden[n_hidden++] = tmpfs->path;
        }
        view.shown[n_shown++] = PATH_APP_TREE;
        view.shown[n_shown++] = PATH_APP_PROCESSES;
        for (size_t i = 0; i < ELEMENTSOF(sandbox->binds); i++)
                for (const SandboxBind *bind = sandbox->binds[i]; bind && bind->path; bind++) {
                        assert(n_shown + 1 < ELEMENTSOF(view.shown));
                        view.shown[n_shown++] = bind->path;
                }
        return view;
}

void follow_done(Follow *follow)
{
        assert(follow);

        for (size_t i = 0; i < follow->n_binds; i++) {
                free(follow->binds[i].source);
                free(follow->binds[i].target);
        }
        free(follow->binds);
        free(follow->place);
        *follow = (Follow){ .n_binds = 0 };
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "builder/buildpack.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/names.h"
#include "base/text.h"
#include "release/procfile.h"
#include "release/refuse.h"

Buildpacks *buildpacks_free(Buildpacks *buildpacks)
{
        if (!buildpacks)
                return NULL;
        for (size_t i = 0; i < buildpacks->n_packs; i++) {
                free(buildpacks->packs[i].name);
                free(buildpacks->packs[i].directory);
        }
        free(buildpacks->packs);
        free(buildpacks);
        return NULL;
}

const Buildpack *buildpacks_find(const Buildpacks *buildpacks, const char *name)
{
        assert(buildpacks);

        for (size_t i = 0; i < buildpacks->n_packs; i++)
                if (strcmp(buildpacks->packs[i].name, name) == 0)
                        return &buildpacks->packs[i];
        return NULL;
}

/* Takes the directory of that name, if it is one and nothing of the name is there. 0 or -ENOMEM. */
static int buildpack_add(Buildpacks *buildpacks, const char *above, const char *name)
{
        _cleanup_free_ char *copy = NULL, *directory = NULL;
        struct stat state;
        Buildpack *packs;

        if (!name_is_valid(name) || strcmp(name, BUILDPACK_NONE) == 0 ||
            strcmp(name, BUILDPACK_COMMAND) == 0 || buildpacks_find(buildpacks, name))
                return 0;
        copy = strdup(name);
        directory = text_format("%s/%s", above, name);
        if (!copy || !directory)
                return -ENOMEM;
        if (stat(directory, &state) < 0 || !S_ISDIR(state.st_mode))
                return 0;
        packs = reallocarray(buildpacks->packs, buildpacks->n_packs + 1, sizeof(Buildpack));
        if (!packs)
                return -ENOMEM;
        buildpacks->packs = packs;
        packs[buildpacks->n_packs++] = (Buildpack){ TAKE_PTR(copy), TAKE_PTR(directory) };
        return 0;
}

static int buildpack_compare_names(const void *left, const void *right)
{
        const Buildpack *a = left, *b = right;

        return strcmp(a->name, b->name);
}

static int add_directory(Buildpacks *buildpacks, const char *path, char **reterr)
{
        _cleanup_dir_ DIR *directory = opendir(path);
        const struct dirent *child;
        int r = 0;

        if (!directory)
                return errno == ENOENT ? 0
                                       : refuse(reterr, -errno, "cannot open %s: %s", path, strerror(errno));
        /* cppcheck-suppress readdirCalled ; nobody else reads from this stream */
        while (r >= 0 && (errno = 0, child = readdir(directory)))
                r = buildpack_add(buildpacks, path, child->d_name);
        if (r < 0)
                return r;
        if (errno != 0)
                return refuse(reterr, -errno, "cannot read %s: %s", path, strerror(errno));
        if (buildpacks->n_packs > 1)
                qsort(buildpacks->packs, buildpacks->n_packs, sizeof(Buildpack), buildpack_compare_names);
        return 0;
}

static int add_in_order(Buildpacks *buildpacks, const char *path, char **reterr)
{
        _cleanup_free_ char *order = text_format("%s/order", path), *line = NULL;
        _cleanup_file_ FILE *file = order ? fopen(order, "re") : NULL;
        size_t size = 0;
        int r = 0;

        if (!order)
                return -ENOMEM;
        if (!file)
                return errno == ENOENT
                               ? 0
                               : refuse(reterr, -errno, "cannot open %s: %s", order, strerror(errno));
        while (r >= 0 && getline(&line, &size, file) > 0) {
                line[strcspn(line, "\n")] = '\0';
                r = buildpack_add(buildpacks, path, line);
        }
        return r;
}

int buildpacks_load(const char *admin, const char *shipped, Buildpacks **ret, char **reterr)
{
        _cleanup_(buildpacks_freep) Buildpacks *buildpacks = calloc(1, sizeof(Buildpacks));
        int r;

        assert(ret);
        assert(reterr);

        if (!buildpacks)
                return -ENOMEM;
        r = add_directory(buildpacks, admin, reterr);
        if (r >= 0)
                r = add_in_order(buildpacks, shipped, reterr);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(buildpacks);
        return 0;
}

char *buildpacks_names(const Buildpacks *buildpacks)
{
        _cleanup_free_ Buildpack *sorted = NULL;
        _cleanup_free_ char *text = strdup("");

        assert(buildpacks);

        sorted = calloc(buildpacks->n_packs + 1, sizeof(Buildpack));
        if (!sorted || !text)
                return NULL;
        for (size_t i = 0; i < buildpacks->n_packs; i++)
                sorted[i] = buildpacks->packs[i];
        qsort(sorted, buildpacks->n_packs, sizeof(Buildpack), buildpack_compare_names);
        for (size_t i = 0; i < buildpacks->n_packs; i++) {
                char *longer = text_format("%s%s%s", text, i > 0 ? ", " : "", sorted[i].name);

                free(text);
                text = longer;
                if (!text)
                        return NULL;
        }
        return text_format("%s%s" BUILDPACK_NONE, text, buildpacks->n_packs > 0 ? " and " : "");
}

int buildpacks_refuse(const Buildpacks *buildpacks, const char *where, const char *name, char **reterr)
{
        _cleanup_free_ char *names = buildpacks_names(buildpacks), *shown = text_sanitize(name, 200);

        return refuse(reterr, -ENOENT, "%s%sthere is no buildpack \"%s\", only %s", where,
                      where[0] == '\0' ? "" : ": ", text_or_empty(shown), text_or_empty(names));
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "git/modules.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/text.h"
#include "git/gitmodules.h"
#include "git/progress.h"
#include "git/remote.h"
#include "git/revision.h"

#define GITMODULES_NAME     ".gitmodules"
#define GITMODULES_SIZE_MAX ((size_t) 1024 * 1024)

/* Where a submodule is: in which tree of which repository. */
typedef struct Place {
        git_repository *repository;
        git_oid commit, tree;
        const Url *url;
        const char *directory; /* which directory of the commit `tree` is */
        const char *path;      /* where `tree` is in the tree of the request */
        unsigned depth;
} Place;

typedef struct Opening {
        Modules *modules;
        const char *directory;
        const Request *request;
        bool fetch;
        TreeCount *count;
        Problem *problem;
} Opening;

/* The submodules of one tree. */
typedef struct Found {
        struct {
                char *path;
                git_oid commit;
        } items[MODULES_MAX];
        size_t n;
} Found;

static void found_done(Found *found)
{
        while (found->n > 0)
                free(found->items[--found->n].path);
}

static int found_add(git_repository *repository, const TreeEntry *entry, void *userdata, Problem *problem)
{
        Found *found = userdata;

        (void) repository;
        if (entry->mode != GIT_FILEMODE_COMMIT)
                return 0;
        if (found->n == MODULES_MAX)
                return problem_set(problem, PROBLEM_LIMIT, "the tree has more than %d submodules",
                                   MODULES_MAX);
        found->items[found->n].path = strdup(entry->path);
        if (!found->items[found->n].path)
                return problem_out_of_memory(problem);
        git_oid_cpy(&found->items[found->n++].commit, entry->id);
        return 0;
}

/* Puts the submodule in front of what is wrong with it. */
static int module_problem(const char *path, Problem *problem)
{
        return problem_set(problem, problem->kind, "submodule %s: %s", path, text_or_empty(problem->text));
}

/* The text of .gitmodules in the root of the commit; *ret is NULL if there is none. */
static int read_gitmodules(const Place *place, git_blob **ret, Problem *problem)
{
        git_tree_entry *entry = NULL;
        git_commit *commit = NULL;
        git_tree *tree = NULL;
        int r;

        r = git_commit_lookup(&commit, place->repository, &place->commit);
        if (r == 0)
                r = git_commit_tree(&tree, commit);
        if (r == 0) {
                r = git_tree_entry_bypath(&entry, tree, GITMODULES_NAME);
                if (r == GIT_ENOTFOUND || (r == 0 && git_tree_entry_type(entry) != GIT_OBJECT_BLOB))
                        r = 0;
                else if (r == 0)
                        r = git_blob_lookup(ret, place->repository, git_tree_entry_id(entry));
        }
        git_tree_entry_free(entry);
        git_tree_free(tree);
        git_commit_free(commit);
        return r < 0 ? problem_set_git(problem, PROBLEM_MIRROR) : 0;
}

/* The address of the submodule at `path` of its tree. */
static int find_address(const Opening *opening, const Place *place, const char *path, Url *ret)
{
        _cleanup_free_ char *full = NULL, *says = NULL, *address = NULL;
        git_blob *blob = NULL;
        int r;

        full = text_format("%s%s%s", place->directory, place->directory[0] ? "/" : "", path);
        if (!full)
                return problem_out_of_memory(opening->problem);
        r = read_gitmodules(place, &blob, opening->problem);
        if (r < 0)
                return r;
        if (blob && git_blob_rawsize(blob) > (git_object_size_t) GITMODULES_SIZE_MAX)
                r = problem_set(opening->problem, PROBLEM_LIMIT, GITMODULES_NAME " has more than %zu bytes",
                                GITMODULES_SIZE_MAX);
        else
                r = gitmodules_find(blob ? git_blob_rawcontent(blob) : "",
                                    blob ? (size_t) git_blob_rawsize(blob) : 0, full, &says,
                                    opening->problem);
        git_blob_free(blob);
        if (r >= 0)
                r = gitmodules_resolve(place->url->address, says, &address, opening->problem);
        if (r < 0)
                return r;
        if (!place->url->local && text_is_local_url(address))
                return problem_set(
                        opening->problem, PROBLEM_REMOTE,
                        "it has a local path, which only submodules of a local repository may have");
        return url_parse(address, opening->request->schemes, opening->request->local_paths, ret,
                         opening->problem);
}

static int module_read(const Module *module, const git_oid *commit, const Opening *opening, TreeCount *count,
                       git_oid *ret)
{
        git_repository *repository = module->mirror.repository;
        git_object *object = NULL;
        int r = git_object_lookup(&object, repository, commit, GIT_OBJECT_COMMIT);

        git_object_free(object);
        if (r == GIT_ENOTFOUND)
                return problem_set(opening->problem, PROBLEM_REVISION,
                                   "its commit %.12s is in no branch or tag of the submodule's repository; "
                                   "push it there",
                                   git_oid_tostr_s(commit));
        r = r < 0 ? problem_set_git(opening->problem, PROBLEM_MIRROR)
                  : revision_find_tree(repository, commit, "", ret, opening->problem);
        return r < 0 ? r : tree_count(repository, ret, &opening->request->limits, count, opening->problem);
}

static bool has_commit(const Module *module, const git_oid *commit)
{
        git_object *object = NULL;
        bool found = git_object_lookup(&object, module->mirror.repository, commit, GIT_OBJECT_COMMIT) == 0;

        git_object_free(object);
        return found;
}

/* Brings the mirror up to date if it must be, and counts the tree: as request_fetch() does. */
static int module_fetch(Module *module, const Url *url, const Proxy *proxy, const git_oid *commit,
                        const Opening *opening, const char *directory)
{
        /* The server may be another one, and those who push name it: it gets no credential. */
        const RemoteAccess access = { NULL, opening->request->silence_usec };
        uint64_t max_bytes = opening->request->limits.bytes;
        TreeCount count;
        int r;

        r = mirror_open_to_fetch(&module->mirror, directory, max_bytes, opening->problem);
        if (r < 0)
                return r;
        for (;;) {
                if (!has_commit(module, commit))
                        r = remote_fetch(&module->mirror, url, proxy, &access, max_bytes, opening->problem);
                count = *opening->count;
                if (r >= 0)
                        r = module_read(module, commit, opening, &count, &module->tree);
                if (r >= 0 || opening->problem->kind != PROBLEM_MIRROR)
                        break;
                if (module->mirror.fresh)
                        return problem_set(opening->problem, PROBLEM_REMOTE, "its repository is damaged: %s",
                                           opening->problem->text);
                log_notice("Making the copy of submodule %s again: %s.", module->path,
                           opening->problem->text);
                r = mirror_renew(&module->mirror, opening->problem);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        *opening->count = count;
        r = mirror_complete(&module->mirror, opening->problem);
        mirror_close(&module->mirror);
        return r < 0 ? r : mirror_open_to_read(&module->mirror, directory, opening->problem);
}

static int module_resolve(Module *module, const git_oid *commit, const Opening *opening,
                          const char *directory)
{
        int r = mirror_open_to_read(&module->mirror, directory, opening->problem);

        if (r >= 0)
                r = module_read(module, commit, opening, opening->count, &module->tree);
        if (r < 0 && opening->problem->kind == PROBLEM_MIRROR)
                mirror_mark_damaged(&module->mirror);
        return r;
}

/* The directory of the mirror of `url`, which is made. Caller frees. 0 or negative with *problem set. */
static int module_directory(const Opening *opening, const Url *url, char **ret)
{
        _cleanup_free_ char *above = text_format("%s/modules", opening->directory);
        git_oid hash;

        assert(url->address);

        if (git_odb_hash(&hash, url->address, strlen(url->address), GIT_OBJECT_BLOB) < 0)
                return problem_set_git(opening->problem, PROBLEM_INTERNAL);
        *ret = text_format("%s/%s", text_or_empty(above), git_oid_tostr_s(&hash));
        if (!above || !*ret)
                return problem_out_of_memory(opening->problem);
        if (opening->fetch &&
            ((mkdir(above, 0700) < 0 && errno != EEXIST) || (mkdir(*ret, 0700) < 0 && errno != EEXIST)))
                return problem_set(opening->problem, PROBLEM_INTERNAL,
                                   "cannot make the directory of its copy: %s", strerror(errno));
        return 0;
}

static int tree_open(const Opening *opening, const Place *place);

/* `url` is that of the submodule. What the problem hides is the superproject's again afterwards. */
static int module_open_at(const Opening *opening, Module *module, const git_oid *commit, const Url *url,
                          unsigned depth)
{
        _cleanup_free_ char *directory = NULL;
        _cleanup_(proxy_done) Proxy proxy = { NULL };
        int r = module_directory(opening, url, &directory);

        opening->problem->proxy = opening->problem->proxy_secret = NULL;
        if (r >= 0 && opening->fetch)
                r = proxy_choose(url, opening->request->proxy_setting, opening->request->no_proxy, &proxy,
                                 opening->problem);
        if (r < 0)
                return r;
        r = opening->fetch ? module_fetch(module, url, &proxy, commit, opening, directory)
                           : module_resolve(module, commit, opening, directory);
        if (r < 0)
                return r;
        r = tree_open(opening, &(Place){ .repository = module->mirror.repository,
                                         .commit = *commit,
                                         .tree = module->tree,
                                         .url = url,
                                         .directory = "",
                                         .path = module->path,
                                         .depth = depth });
        /* Its own mirror, or one of a submodule in it: the next fetch makes them again. */
        if (r < 0 && opening->problem->kind == PROBLEM_MIRROR)
                mirror_mark_damaged(&module->mirror);
        return r;
}

static int module_open(const Opening *opening, const Place *place, const char *path, const git_oid *commit)
{
        const Problem before = *opening->problem;
        _cleanup_(url_done) Url url = { NULL };
        Modules *modules = opening->modules;
        Module *module;
        int r;

        if (place->depth == MODULES_DEPTH_MAX)
                return problem_set(opening->problem, PROBLEM_LIMIT,
                                   "more than %d submodules are inside one another", MODULES_DEPTH_MAX);
        if (modules->n == MODULES_MAX)
                return problem_set(opening->problem, PROBLEM_LIMIT, "the tree has more than %d submodules",
                                   MODULES_MAX);
        module = &modules->items[modules->n++];
        *module = (Module){ .mirror = MIRROR_INIT };
        module->path = text_format("%s%s%s", place->path, place->path[0] ? "/" : "", path);
        if (!module->path)
                return problem_out_of_memory(opening->problem);
        if (strlen(module->path) >= PATH_MAX)
                return problem_set(opening->problem, PROBLEM_TREE, "the path of submodule %s is too long",
                                   path);

        r = find_address(opening, place, path, &url);
        if (r >= 0)
                r = module_open_at(opening, module, commit, &url, place->depth + 1);
        if (r < 0)
                r = module_problem(path, opening->problem);
        opening->problem->secret = before.secret;
        opening->problem->proxy_secret = before.proxy_secret;
        opening->problem->proxy = before.proxy;
        return r;
}

/* Opens the submodules of one tree. */
static int tree_open(const Opening *opening, const Place *place)
{
        _cleanup_(found_done) Found found = { .n = 0 };
        int r;

        r = tree_walk(place->repository, &place->tree, "", TREE_DEPTH_MAX, found_add, &found,
                      opening->problem);
        for (size_t i = 0; r >= 0 && i < found.n; i++)
                r = module_open(opening, place, found.items[i].path, &found.items[i].commit);
        return r;
}

int modules_open(Modules *modules, const char *directory, const Request *request, bool fetch,
                 git_repository *repository, const git_oid *commit, const git_oid *tree, TreeCount *count,
                 Problem *problem)
{
        Opening opening = { modules, directory, request, fetch, count, problem };
        Place place = { .repository = repository,
                        .commit = *commit,
                        .tree = *tree,
                        .url = &request->url,
                        .directory = request->directory,
                        .path = "" };

        assert(modules);
        assert(directory);
        assert(count);

        return tree_open(&opening, &place);
}

Module *modules_find(Modules *modules, const char *path)
{
        for (size_t i = 0; i < modules->n; i++)
                if (strcmp(modules->items[i].path, path) == 0)
                        return &modules->items[i];
        return NULL;
}

void modules_done(Modules *modules)
{
        while (modules->n > 0) {
                Module *module = &modules->items[--modules->n];

                free(module->path);
                mirror_close(&module->mirror);
        }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "git/tree.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "base/text.h"
#include "git/name.h"
#include "git/progress.h"

typedef struct Walk {
        git_repository *repository;
        uint64_t max_depth;
        TreeVisit *visit;
        void *userdata;
        Problem *problem;
        char path[PATH_MAX];
} Walk;

static const char *const name_faults[] = {
        [NAME_EMPTY] = "an entry without a name",
        [NAME_UNCLEAN] = "a name with control characters or invalid UTF-8",
        [NAME_TOO_LONG] = "a name that is too long",
        [NAME_UNSAFE] = "an unsafe path",
};

static bool is_directory(const git_tree_entry *entry)
{
        return git_tree_entry_filemode(entry) == GIT_FILEMODE_TREE;
}

/* True if `entry`, number `i` of its tree, comes after the one before it in git's order, and no entry before
 * it has its name. A file and a directory of one name need not be neighbours ("a", "a.b", "a/"), but between
 * them are only names that begin with theirs. */
static bool is_in_order(const git_tree *tree, size_t i)
{
        const git_tree_entry *entry = git_tree_entry_byindex(tree, i);
        const char *name = git_tree_entry_name(entry);
        size_t size = strlen(name);

        if (i == 0)
                return true;
        if (git_tree_entry_cmp(git_tree_entry_byindex(tree, i - 1), entry) >= 0)
                return false;
        for (size_t before = i; is_directory(entry) && before-- > 0;) {
                const char *other = git_tree_entry_name(git_tree_entry_byindex(tree, before));

                if (strncmp(other, name, size) != 0)
                        break;
                if (other[size] == '\0')
                        return false;
        }
        return true;
}

static int walk_level(Walk *walk, const git_oid *id, size_t path_size, uint64_t depth);

static int tree_walk_entry(Walk *walk, const git_tree *tree, size_t i, size_t path_size, uint64_t depth)
{
        const git_tree_entry *entry = git_tree_entry_byindex(tree, i);
        const char *name = git_tree_entry_name(entry);
        TreeEntry visited = { walk->path, git_tree_entry_filemode(entry), git_tree_entry_id(entry) };
        NameFault fault = name_check(name);
        size_t size;
        int n, r;

        n = snprintf(walk->path + path_size, sizeof(walk->path) - path_size, "%s%s",
                     path_size > 0 ? "/" : "", name);
        size = path_size + (size_t) n;
        if (fault != NAME_GOOD)
                return problem_set(walk->problem, PROBLEM_TREE, "the tree has %s: \"%s\"",
                                   name_faults[fault], walk->path);
        if (size >= sizeof(walk->path))
                return problem_set(walk->problem, PROBLEM_TREE,
                                   "the tree has a path of more than %d bytes: \"%s\"", PATH_MAX - 1,
                                   walk->path);
        if (!is_in_order(tree, i))
                return problem_set(walk->problem, PROBLEM_TREE,
                                   "the tree is malformed: \"%s\" is there twice or out of order",
                                   walk->path);
        if (is_directory(entry) && depth >= walk->max_depth)
                return problem_set(walk->problem, PROBLEM_LIMIT,
                                   "the tree has more than %" PRIu64
                                   " directories inside one another: \"%s\"",
                                   walk->max_depth, walk->path);

        r = walk->visit(walk->repository, &visited, walk->userdata, walk->problem);
        if (r >= 0 && is_directory(entry))
                r = walk_level(walk, visited.id, size, depth + 1);
        return r;
}

static int walk_level(Walk *walk, const git_oid *id, size_t path_size, uint64_t depth)
{
        git_tree *tree = NULL;
        int r = 0;

        if (git_tree_lookup(&tree, walk->repository, id) < 0)
                return problem_set_git(walk->problem, PROBLEM_MIRROR);
        for (size_t i = 0; r >= 0 && i < git_tree_entrycount(tree); i++)
                r = tree_walk_entry(walk, tree, i, path_size, depth);
        git_tree_free(tree);
        return r < 0 ? r : 0;
}

int tree_walk(git_repository *repository, const git_oid *tree, const char *below, uint64_t max_depth,
              TreeVisit *visit, void *userdata, Problem *problem)
{
        Walk walk = {
                .repository = repository,
                .max_depth = max_depth,
                .visit = visit,
                .userdata = userdata,
                .problem = problem,
        };

        assert(repository);
        assert(tree);
        assert(below && strlen(below) < sizeof(walk.path));
        assert(max_depth <= TREE_DEPTH_MAX);
        assert(visit);
        assert(problem);

        return walk_level(&walk, tree, (size_t) snprintf(walk.path, sizeof(walk.path), "%s", below),
                          /* depth= */ 0);
}

typedef struct Counting {
        const TreeLimits *limits;
        TreeCount *count;
        git_odb *objects;
} Counting;

static int count_entry(git_repository *repository, const TreeEntry *entry, void *userdata, Problem *problem)
{
        Counting *counting = userdata;
        TreeCount *count = counting->count;
        git_object_t type;
        SizeText text;
        size_t size;

        (void) repository;
        if (++count->entries > counting->limits->files)
                return problem_set(problem, PROBLEM_LIMIT,
                                   "the tree has more than %" PRIu64 " files and directories",
                                   counting->limits->files);
        if (entry->mode == GIT_FILEMODE_TREE || entry->mode == GIT_FILEMODE_COMMIT)
                return 0;

        if (git_odb_read_header(&size, &type, counting->objects, entry->id) < 0)
                return problem_set_git(problem, PROBLEM_MIRROR);
        if (type != GIT_OBJECT_BLOB)
                return problem_set(problem, PROBLEM_TREE, "the tree is malformed: \"%s\" is not a file",
                                   entry->path);
        count->files++;
        if (__builtin_add_overflow(count->bytes, (uint64_t) size, &count->bytes) ||
            count->bytes > counting->limits->bytes)
                return problem_set(problem, PROBLEM_LIMIT,
                                   "the files of the tree are larger than %s together",
                                   text_size(counting->limits->bytes, text));
        return 0;
}

int tree_count(git_repository *repository, const git_oid *tree, const TreeLimits *limits, TreeCount *count,
               Problem *problem)
{
        Counting counting = { .limits = limits, .count = count };
        int r;

        assert(limits);
        assert(count);

        if (git_repository_odb(&counting.objects, repository) < 0)
                return problem_set_git(problem, PROBLEM_MIRROR);
        r = tree_walk(repository, tree, "", limits->depth, count_entry, &counting, problem);
        git_odb_free(counting.objects);
        return r;
}

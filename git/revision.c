/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "git/revision.h"

#include <string.h>

#include "base/text.h"

/* Fewer digits are more likely a name mistyped than a commit; git itself shows seven. */
#define PREFIX_SIZE_MIN 7

/* Digits of a commit's name in sentences. */
#define SHOWN_DIGITS 12

enum {
        FOUND_NOTHING = 0,
        FOUND_COMMIT = 1,
};

/* The commit an object leads to. FOUND_COMMIT, FOUND_NOTHING if it leads to something else, negative with
 * *problem set. */
static int revision_peel(git_object *object, git_oid *ret, Problem *problem)
{
        git_object *commit = NULL;
        int r = git_object_peel(&commit, object, GIT_OBJECT_COMMIT);

        if (r == 0) {
                git_oid_cpy(ret, git_object_id(commit));
                git_object_free(commit);
                return FOUND_COMMIT;
        }
        return r == GIT_EPEEL || r == GIT_EINVALIDSPEC ? FOUND_NOTHING
                                                       : problem_set_git(problem, PROBLEM_MIRROR);
}

/* The commit of the reference `prefix` + `name`; results as above, FOUND_NOTHING also if there is none. */
static int find_reference(git_repository *repository, const char *prefix, const char *name, git_oid *ret,
                          Problem *problem)
{
        _cleanup_free_ char *full = text_format("%s%s", prefix, name);
        git_object *object = NULL;
        git_oid id;
        int r, valid;

        if (!full)
                return problem_out_of_memory(problem);
        if (git_reference_name_is_valid(&valid, full) < 0)
                return problem_set_git(problem, PROBLEM_INTERNAL);
        if (!valid)
                return FOUND_NOTHING;
        r = git_reference_name_to_id(&id, repository, full);
        if (r == GIT_ENOTFOUND || r == GIT_EINVALIDSPEC)
                return FOUND_NOTHING;
        if (r < 0 || git_object_lookup(&object, repository, &id, GIT_OBJECT_ANY) < 0)
                return problem_set_git(problem, PROBLEM_MIRROR);
        r = revision_peel(object, ret, problem);
        git_object_free(object);
        if (r == FOUND_NOTHING)
                return problem_set(problem, PROBLEM_REVISION, "\"%s\" does not name a commit", name);
        return r;
}

/* The commit whose name begins with `digits`; results as above. */
static int find_commit(git_repository *repository, const char *digits, git_oid *ret, Problem *problem)
{
        size_t size = strlen(digits);
        git_object *object = NULL;
        git_oid id;
        int r;

        if (size < PREFIX_SIZE_MIN || size > GIT_OID_HEXSZ ||
            strspn(digits, "0123456789abcdefABCDEF") != size)
                return FOUND_NOTHING;
        if (git_oid_fromstrn(&id, digits, size) < 0)
                return problem_set_git(problem, PROBLEM_INTERNAL);
        r = git_object_lookup_prefix(&object, repository, &id, size, GIT_OBJECT_ANY);
        if (r == GIT_ENOTFOUND)
                return FOUND_NOTHING;
        if (r == GIT_EAMBIGUOUS)
                return problem_set(
                        problem, PROBLEM_REVISION,
                        "\"%s\" is the beginning of more than one object's name; give more digits", digits);
        if (r < 0)
                return problem_set_git(problem, PROBLEM_MIRROR);
        r = revision_peel(object, ret, problem);
        git_object_free(object);
        return r;
}

/* The commit of a full name; results as above. */
static int find_full_name(git_repository *repository, const char *name, git_oid *ret, Problem *problem)
{
        bool is_full = strncmp(name, REVISION_BRANCHES, strlen(REVISION_BRANCHES)) == 0 ||
                       strncmp(name, REVISION_TAGS, strlen(REVISION_TAGS)) == 0;

        return is_full ? find_reference(repository, "", name, ret, problem) : FOUND_NOTHING;
}

static bool has_reference(git_repository *repository, const char *prefix, const char *name)
{
        _cleanup_free_ char *full = text_format("%s%s", prefix, name);
        git_oid id;

        return full && git_reference_name_to_id(&id, repository, full) == 0;
}

/* The commit of the tag or branch `name`; results as above. */
static int find_short_name(git_repository *repository, const char *name, bool branch_first, git_oid *ret,
                           Remarks *remarks, Problem *problem)
{
        static const char *const kinds[] = { "tag", "branch" };
        static const char *const prefixes[] = { REVISION_TAGS, REVISION_BRANCHES };
        int r = FOUND_NOTHING;

        for (size_t i = 0; r == FOUND_NOTHING && i < ELEMENTSOF(prefixes); i++) {
                size_t taken = branch_first ? ELEMENTSOF(prefixes) - 1 - i : i;
                size_t other = ELEMENTSOF(prefixes) - 1 - taken;

                r = find_reference(repository, prefixes[taken], name, ret, problem);
                if (r == FOUND_COMMIT && i == 0 && has_reference(repository, prefixes[other], name))
                        remarks_add(remarks,
                                    "There are a tag and a branch \"%s\": the %s is taken. The %s is %s%s.",
                                    name, kinds[taken], kinds[other], prefixes[other], name);
        }
        return r;
}

static int find_revision(git_repository *repository, const char *revision, bool branch_first, git_oid *ret,
                         Remarks *remarks, Problem *problem)
{
        int r = strlen(revision) == GIT_OID_HEXSZ ? find_commit(repository, revision, ret, problem)
                                                  : FOUND_NOTHING;

        if (r == FOUND_NOTHING)
                r = find_full_name(repository, revision, ret, problem);
        if (r == FOUND_NOTHING)
                r = find_short_name(repository, revision, branch_first, ret, remarks, problem);
        if (r == FOUND_NOTHING)
                r = find_commit(repository, revision, ret, problem);
        if (r == FOUND_NOTHING)
                return problem_set(problem, PROBLEM_REVISION,
                                   "the repository has no branch, tag or commit \"%s\"", revision);
        return r;
}

/* The default branch into *ret, if there is one. 0 or negative with *problem set. */
static int find_default(git_repository *repository, const char *branch, Revision *ret, Problem *problem)
{
        git_reference *head = NULL;
        const char *target;
        int r;

        if (branch[0] == '\0') {
                if (git_reference_lookup(&head, repository, "HEAD") < 0)
                        return problem_set_git(problem, PROBLEM_MIRROR);
                target = git_reference_symbolic_target(head);
                if (target && strncmp(target, REVISION_BRANCHES, strlen(REVISION_BRANCHES)) == 0)
                        branch = target + strlen(REVISION_BRANCHES);
        }
        r = branch[0] ? find_reference(repository, REVISION_BRANCHES, branch, &ret->head, problem)
                      : FOUND_NOTHING;
        if (r == FOUND_COMMIT) {
                ret->branch = strdup(branch);
                r = ret->branch ? 0 : problem_out_of_memory(problem);
        }
        git_reference_free(head);
        return r;
}

int revision_resolve(git_repository *repository, const char *branch, const char *revision, bool branch_first,
                     Revision *ret, Remarks *remarks, Problem *problem)
{
        int r;

        assert(repository);
        assert(branch);
        assert(revision);
        assert(ret);
        assert(problem);

        *ret = (Revision){ .branch = NULL };
        r = find_default(repository, branch, ret, problem);
        if (r < 0)
                return r;
        if (revision[0] != '\0') {
                r = find_revision(repository, revision, branch_first, &ret->commit, remarks, problem);
                return r < 0 ? r : 0;
        }
        if (ret->branch) {
                git_oid_cpy(&ret->commit, &ret->head);
                return 0;
        }
        return branch[0] ? problem_set(problem, PROBLEM_REVISION, "the repository has no branch \"%s\"",
                                       branch)
                         : problem_set(problem, PROBLEM_REVISION,
                                       "the repository's HEAD names no branch; say which branch to deploy");
}

void revision_done(Revision *revision)
{
        assert(revision);

        free(revision->branch);
        revision->branch = NULL;
}

/* A path below the root of the tree: names separated by single slashes. */
static bool path_is_clean(const char *path)
{
        for (;;) {
                size_t size = strcspn(path, "/");

                if (size == 0 || (size == 1 && path[0] == '.') ||
                    (size == 2 && path[0] == '.' && path[1] == '.'))
                        return false;
                if (path[size] == '\0')
                        return true;
                path += size + 1;
        }
}

int revision_find_tree(git_repository *repository, const git_oid *commit, const char *directory,
                       git_oid *ret, Problem *problem)
{
        char digits[SHOWN_DIGITS + 1];
        git_commit *object = NULL;
        git_tree *tree = NULL;
        git_tree_entry *entry = NULL;
        int r;

        assert(repository);
        assert(commit);
        assert(directory);
        assert(ret);
        assert(problem);

        if (directory[0] != '\0' && !path_is_clean(directory))
                return problem_set(problem, PROBLEM_TREE,
                                   "\"%s\" is not the path of a directory inside the repository", directory);
        (void) git_oid_tostr(digits, sizeof(digits), commit);

        r = git_commit_lookup(&object, repository, commit);
        if (r == 0)
                r = git_commit_tree(&tree, object);
        if (r == 0 && directory[0] != '\0')
                r = git_tree_entry_bypath(&entry, tree, directory);
        if (r == GIT_ENOTFOUND && tree)
                r = problem_set(problem, PROBLEM_TREE, "there is no directory \"%s\" in commit %s…",
                                directory, digits);
        else if (r < 0)
                r = problem_set_git(problem, PROBLEM_MIRROR);
        else if (entry && git_tree_entry_type(entry) != GIT_OBJECT_TREE)
                r = problem_set(problem, PROBLEM_TREE, "\"%s\" is not a directory in commit %s…", directory,
                                digits);
        else
                git_oid_cpy(ret, entry ? git_tree_entry_id(entry) : git_tree_id(tree));

        git_tree_entry_free(entry);
        git_tree_free(tree);
        git_commit_free(object);
        return r;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <git2.h>

#include "git/problem.h"
#include "git/remark.h"

#define REVISION_BRANCHES "refs/heads/"
#define REVISION_TAGS     "refs/tags/"

/* Where HEAD of the mirror points when the remote names no default branch; no reference is ever there. */
#define REVISION_NO_DEFAULT "refs/deployd/no-default-branch"

typedef struct Revision {
        git_oid commit;
        git_oid head; /* of the default branch */
        char *branch; /* name of the default branch; NULL = there is none, and no head */
} Revision;

/* What `revision` names, as gitrevisions(7) has it: a commit (40 hexadecimal digits), else a full name
 * (refs/heads/x, refs/tags/x), else a tag, else a branch, else the commit whose name begins with these at
 * least 7 hexadecimal digits; empty: the default branch. With `branch_first` a branch comes before a tag. Of
 * a tag and a branch of one name a warning says which was taken. The default branch is `branch`, or, if that
 * is empty, what HEAD names. A default branch that does not exist is a problem only when the revision is
 * empty. 0, or a negative errno with *problem set. Release *ret with revision_done() in either case. */
int revision_resolve(git_repository *repository, const char *branch, const char *revision, bool branch_first,
                     Revision *ret, Remarks *remarks, Problem *problem);

void revision_done(Revision *revision);

/* The tree of the commit, or of its directory `directory` (a clean relative path; empty = the root), into
 * *ret. 0, or a negative errno with *problem set. */
int revision_find_tree(git_repository *repository, const git_oid *commit, const char *directory,
                       git_oid *ret, Problem *problem);

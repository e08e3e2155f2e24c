/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "git/kind.h"

#include <fnmatch.h>
#include <git2.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/text.h"

/* git leaves an empty file behind when the history was completed. */
static int check_history(const char *directory, Problem *problem)
{
        _cleanup_free_ char *shallow = text_format("%s/shallow", directory);
        struct stat st;

        if (!shallow)
                return problem_out_of_memory(problem);
        return stat(shallow, &st) == 0 && st.st_size > 0
                       ? problem_set(
                                 problem, PROBLEM_REMOTE,
                                 "the repository is a shallow clone, which has only a part of its history; "
                                 "complete it there with 'git fetch --unshallow'")
                       : 0;
}

/* Looks at one setting of the repository; libgit2 writes the name of a section and the last part of a name
 * in lower case. */
static int check_setting(const git_config_entry *entry, void *userdata)
{
        Problem *problem = userdata;
        /* libgit2 has NULL for a name without `=`. */
        const char *value = text_or_empty(entry->value);

        if (strcmp(entry->name, "extensions.objectformat") == 0)
                return strcasecmp(value, "sha1") == 0
                               ? 0
                               : problem_set(
                                         problem, PROBLEM_REMOTE,
                                         "the repository has the object format %s, and only SHA-1 is "
                                         "supported; make one with 'git init --bare --object-format=sha1'",
                                         strcasecmp(value, "sha256") == 0 ? "SHA-256" : value);
        if (strcmp(entry->name, "extensions.partialclone") == 0 ||
            fnmatch("remote.*.partialclonefilter", entry->name, /* flags= */ 0) == 0)
                return problem_set(
                        problem, PROBLEM_REMOTE,
                        "the repository is a partial clone, which has only a part of its files; make a "
                        "whole one with 'git clone --bare URL', without --filter");
        return 0;
}

int kind_check(const char *directory, Problem *problem)
{
        _cleanup_free_ char *path = NULL;
        git_config *config = NULL;
        int r;

        assert(directory);
        assert(problem);

        r = check_history(directory, problem);
        if (r < 0)
                return r;
        path = text_format("%s/config", directory);
        if (!path)
                return problem_out_of_memory(problem);
        /* What is wrong with the file is said by libgit2, which reads it when it connects. */
        if (git_config_open_ondisk(&config, path) < 0)
                return 0;
        /* Each name is looked at here: libgit2 before 1.6 leaks memory when it compares names with an
         * expression.
         */
        r = git_config_foreach(config, check_setting, problem);
        git_config_free(config);
        return r < 0 && problem->text ? r : 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "release/app-scripts.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/macro.h"

/* Remembers, in the directory that the app keeps, that `first` has run. */
#define MARK "\"$HOME/.postdeploy-done\""

void app_scripts_clear(AppScripts *scripts)
{
        free(scripts->predeploy);
        free(scripts->postdeploy);
        free(scripts->first);
        *scripts = (AppScripts){};
}

int app_scripts_join(const AppScripts *scripts, const char *release, char **ret)
{
        const char *const parts[] = { scripts->predeploy, release, scripts->postdeploy };
        _cleanup_free_ char *line = NULL;
        const char *before = "";
        size_t size;
        FILE *file;

        assert(ret);

        /* A shell of its own for each, on lines of its own: a command may end the shell, or with a comment.
         * The `:` makes blanks alone, or a comment, a command. */
        file = open_memstream(&line, &size);
        if (!file)
                return -ENOMEM;
        for (size_t i = 0; i < ELEMENTSOF(parts); i++)
                if (parts[i]) {
                        (void) fprintf(file, "%s(:\n%s\n)", before, parts[i]);
                        before = " && ";
                }
        if (scripts->first)
                (void) fprintf(file, "%s{ [ -e " MARK " ] || { (:\n%s\n) && touch " MARK "; }; }", before,
                               scripts->first);
        if (fclose(file) != 0)
                return -ENOMEM;
        *ret = size > 0 ? TAKE_PTR(line) : NULL;
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Backup and restore: done by programs of their own, which need nothing of a deployd that runs. */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/names.h"
#include "cli/verb.h"

/* Goes on as a program of PATH_LIBEXEC, with the options that were given behind its argument. */
static int backup_become(const char *path, const Invocation *invocation, Option one, Option two)
{
        const char *first = invocation_has(invocation, one) ? option_name(one) : NULL;
        const char *second = invocation_has(invocation, two) ? option_name(two) : NULL;

        if (geteuid() != 0) {
                say("this reads or writes everything of all apps: run it as root");
                return EXIT_REFUSED;
        }
        (void) execl(path, path, invocation_argument(invocation, 0), first ? first : second,
                     first ? second : NULL, NULL);
        say("%s cannot be run: %s", path, strerror(errno));
        return EXIT_REFUSED;
}

int verb_backup(const Invocation *invocation)
{
        return backup_become(PATH_LIBEXEC "/deployd-backup", invocation, OPTION_RELEASES, OPTION_NO_DATA);
}

int verb_restore(const Invocation *invocation)
{
        return backup_become(PATH_LIBEXEC "/deployd-restore", invocation, OPTION_REPLACE, OPTION_REPLACE);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a deployment would make of a tree: said by a program of its own, which needs no deployd that runs. */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/names.h"
#include "cli/verb.h"

#define PROGRAM PATH_LIBEXEC "/deployd-detect"

int verb_detect(const Invocation *invocation)
{
        const char *directory = invocation_argument(invocation, 0);

        (void) execl(PROGRAM, PROGRAM, directory[0] ? directory : ".", NULL);
        say(PROGRAM " cannot be run: %s", strerror(errno));
        return EXIT_REFUSED;
}

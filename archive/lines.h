/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the journal has about one deployment. */

#include <stdint.h>

typedef struct LinesParams {
        const char *app; /* as unit names have it: my_app */
        const char *deployment;
        const char *fetch; /* its unit of fetch or resolve; NULL = not known: told by the journal's field */
        const char *directory; /* of the journal; NULL = this machine's */
} LinesParams;

/* Calls `each` with every line, oldest first, as it is to be read: time, who, what, and a newline, clean
 * UTF-8. A positive result of `each` ends the walk, a negative one is returned. The journal is asked to
 * write down first what it has still in its sockets. 0; -errno of the journal. */
int lines_foreach(const LinesParams *params, int (*each)(const char *line, void *userdata), void *userdata);

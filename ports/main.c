/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* deployd-ports: what deployd-ingress.service does besides haproxy itself; README.md has the story. */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "ports/configuration.h"
#include "ports/keep.h"
#include "ports/master.h"
#include "ports/start.h"

static int run_filter(char **words)
{
        return configuration_filter(words[0], words[1], words[2]);
}

static int main_run_start(char **words)
{
        return start(words[0], words[1], words + 2);
}

static int run_keep(char **words)
{
        return keep(words[0], words[1]);
}

static int main_run_reload(char **words)
{
        _cleanup_kept_ Kept held = {};
        int r = configuration_hold(words[3], &held), kept;

        if (r >= 0)
                r = master_reload(words[0], words[1]);
        /* A haproxy that is late may still load the file. */
        if (r < 0 && r != -ETIMEDOUT)
                return r;
        kept = keep(words[2], words[3]);
        return r < 0 ? r : kept;
}

/* Without a process id there is none any more. */
static int run_finish(char **words)
{
        return master_finish(words[0], words[1]);
}

static const struct {
        const char *verb, *words;
        int n_min, n_max; /* how many words */
        int (*run)(char **words);
} verbs[] = {
        { "filter", "FROM TO LIST", 3, 3, run_filter },
        { "start", "CONFIGURATION OFFER PROGRAM ARGUMENT...", 3, INT_MAX, main_run_start },
        { "keep", "SOCKET CONFIGURATION", 2, 2, run_keep },
        { "reload", "PID MASTER SOCKET CONFIGURATION", 4, 4, main_run_reload },
        { "finish", "SECONDS [PID]", 1, 2, run_finish },
};

int main(int argc, char **argv)
{
        for (size_t i = 0; argc > 1 && i < ELEMENTSOF(verbs); i++) {
                int r;

                if (strcmp(argv[1], verbs[i].verb) != 0 || argc - 2 < verbs[i].n_min ||
                    argc - 2 > verbs[i].n_max)
                        continue;
                r = verbs[i].run(argv + 2);
                if (r < 0)
                        log_error("deployd-ports %s %s: %s", argv[1], argv[2], strerror(-r));
                return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        }
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                (void) fprintf(stderr, "deployd-ports %s %s\n", verbs[i].verb, verbs[i].words);
        return EXIT_FAILURE;
}

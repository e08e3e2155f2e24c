/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* deployd-build: builds an app in PATH_APP_TREE from the archive PATH_BUILD_SOURCE, and writes the built
 * tree as tar to standard output, an empty regular file. Standard input is a ticket (base/ticket.h), open
 * for reading and writing.
 *
 *      request  buildpack=NAME    empty: the first that recognises the app; BUILDPACK_NONE: nothing is built
 *               command=LINE      for /bin/sh -c, instead of the buildpack's compile; empty: that
 *               max-bytes=N       what may lie in work directory, cache and /tmp together, and in the tree
 *               max-files=N max-depth=N    of the built tree, and of the source
 *               max-tasks=N       the unit's TasksMax=, to be named
 *               min-free=N        what it must leave of the disk; may be missing
 *               log-max=N         what it may log; of more, the beginning and the end; may be missing
 *      answer   buildpack=NAME    BUILDPACK_NONE: nothing was built and nothing written, the source stands;
 *                                 BUILDPACK_COMMAND: the app's own command, and no buildpack
 *               default.NAME=COMMAND    process types that the buildpack suggests
 *               files=N bytes=N   of the built tree
 *               warning.N=SENTENCE    from 1 on
 *               or error=SENTENCE, and exit status 1
 *
 * deployd-build clear: removes what is left in PATH_APP_TREE.
 *
 * It runs as a user whom only builds of this app have, for all other processes of the user are killed. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/names.h"
#include "base/quote.h"
#include "base/text.h"
#include "base/ticket.h"
#include "builder/build.h"
#include "builder/child.h"
#include "builder/workspace.h"
#include "release/refuse.h"

static int build_read_request(const Ticket *ticket, Request *ret, char **reterr)
{
        const struct {
                const char *key;
                uint64_t *value;
                bool may_be_missing;
        } numbers[] = {
                { "max-bytes", &ret->limits.max_bytes, false },
                { "max-files", &ret->limits.max_files, false },
                { "max-depth", &ret->limits.max_depth, false },
                { "max-tasks", &ret->max_tasks, false },
                { "min-free", &ret->min_free, true },
                { "log-max", &ret->log_max, true },
        };

        *ret = (Request){
                .buildpack = text_or_empty(ticket_get(ticket, "buildpack")),
                .command = text_or_empty(ticket_get(ticket, "command")),
                .log_max = INT64_MAX,
        };
        for (size_t i = 0; i < ELEMENTSOF(numbers); i++) {
                int r = ticket_get_u64(ticket, numbers[i].key, INT64_MAX, numbers[i].value);

                if (r < 0 && !(r == -ENOENT && numbers[i].may_be_missing))
                        return refuse(reterr, r, "the ticket has no valid %s", numbers[i].key);
        }
        return 0;
}

static int build_answer_ticket(Ticket *answer, char **reterr)
{
        _cleanup_(ticket_freep) Ticket *ticket = NULL;
        Request request;
        int r;

        /* It would kill all processes of the machine. */
        if (geteuid() == 0)
                return refuse(reterr, -EPERM, "deployd-build does not run as root");
        r = ticket_read(STDIN_FILENO, TICKET_REQUEST, &ticket);
        if (r < 0)
                return refuse(reterr, r, "cannot read the ticket: %s", strerror(-r));
        r = build_read_request(ticket, &request, reterr);
        if (r >= 0)
                r = child_setup();
        return r < 0 ? r : build_run(&request, STDOUT_FILENO, answer, reterr);
}

/* After a build that was killed. */
static int run_clear(void)
{
        _cleanup_free_ char *error = NULL;
        _cleanup_close_ int fd = workspace_open(PATH_APP_TREE, /* make= */ false, &error);
        int r = fd < 0 ? fd : workspace_clear(fd);

        if (r < 0)
                log_error("cannot clear %s: %s", PATH_APP_TREE, error ? error : strerror(-r));
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run_build(void)
{
        _cleanup_(ticket_freep) Ticket *answer = ticket_new(), *refusal = ticket_new();
        _cleanup_free_ char *error = NULL;
        int failed, r;

        /* A full disk and a closed connection come back as errors. */
        (void) signal(SIGXFSZ, SIG_IGN);
        (void) signal(SIGPIPE, SIG_IGN);

        failed = answer && refusal ? build_answer_ticket(answer, &error) : -ENOMEM;
        if (failed < 0) {
                const char *quote = quote_cut(error), *sentence = error ? error : strerror(-failed);

                log_error("%s%s", sentence, text_or_empty(quote));
                if (ftruncate(STDOUT_FILENO, 0) < 0)
                        log_debug("Cannot empty the file of the tree, ignoring: %s", strerror(errno));
                r = refusal ? ticket_set(refusal, "error", sentence) : -ENOMEM;
                if (r >= 0 && !text_is_empty(quote))
                        r = ticket_set(refusal, "quote", quote);
                if (r >= 0)
                        r = ticket_write(refusal, STDIN_FILENO);
        } else
                r = ticket_write(answer, STDIN_FILENO);
        if (r < 0)
                log_error("Cannot write the answer: %s", strerror(-r));
        return failed < 0 || r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
        if (argc == 1)
                return run_build();
        if (argc == 2 && strcmp(argv[1], "clear") == 0)
                return run_clear();
        (void) fprintf(stderr, "Usage: deployd-build [clear]\n");
        return EXIT_FAILURE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* deployd-archive write: the log of a deployment out of the journal, packed, to standard output.
 * deployd-archive show:  the same, in plain text.
 * deployd-archive read:  such a file, named by the ticket and in /srv, unpacked to standard output.
 * Standard input is the ticket; systemd keeps all else away (systemd/sandbox.c). */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/lines.h"
#include "archive/writer.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "base/ticket.h"

#define DIRECTORY "/srv"

static int write_line(const char *line, void *userdata)
{
        return writer_add(userdata, line);
}

static int copy_journal(const Ticket *request, Ticket *answer, bool packed)
{
        LinesParams params = {
                .app = ticket_get(request, "app"),
                .deployment = ticket_get(request, "deployment"),
                .fetch = ticket_get(request, "fetch"),
        };
        _cleanup_(writer_done) Writer writer = {};
        uint64_t max;
        int r;

        if (!params.app || !params.deployment)
                return -EINVAL;
        r = ticket_get_u64(request, "max", INT64_MAX, &max);
        if (r >= 0)
                r = writer_init(&writer, STDOUT_FILENO, max, packed);
        if (r >= 0)
                r = lines_foreach(&params, write_line, &writer);
        if (r >= 0)
                r = writer_end(&writer);
        return r < 0 ? r : ticket_set_u64(answer, "bytes", writer.bytes);
}

static int write_log(const Ticket *request, Ticket *answer)
{
        return copy_journal(request, answer, /* packed= */ true);
}

static int show_log(const Ticket *request, Ticket *answer)
{
        return copy_journal(request, answer, /* packed= */ false);
}

static int read_log(const Ticket *request, _unused_ Ticket *answer)
{
        const char *name = ticket_get(request, "file");
        _cleanup_free_ char *path = name ? text_format(DIRECTORY "/%s", name) : NULL;
        _cleanup_close_ int fd = -1;

        if (!name || strchr(name, '/') || !path)
                return -EINVAL;
        fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? -errno : packed_read(fd, STDOUT_FILENO);
}

static const struct {
        const char *name;
        int (*run)(const Ticket *request, Ticket *answer);
} verbs[] = { { "write", write_log }, { "show", show_log }, { "read", read_log } };

static int log_run(int (*verb)(const Ticket *request, Ticket *answer), Ticket *answer)
{
        _cleanup_(ticket_freep) Ticket *request = NULL;
        int r = ticket_read(STDIN_FILENO, TICKET_REQUEST, &request);

        return r < 0 ? r : verb(request, answer);
}

int main(int argc, char *argv[])
{
        for (size_t i = 0; i < ELEMENTSOF(verbs) && argc == 2; i++) {
                _cleanup_(ticket_freep) Ticket *answer = ticket_new();
                int failed, r;

                if (strcmp(argv[1], verbs[i].name) != 0)
                        continue;
                failed = answer ? log_run(verbs[i].run, answer) : -ENOMEM;
                r = failed < 0 && answer ? ticket_set(answer, "error", strerror(-failed)) : 0;
                if (r >= 0 && answer)
                        r = ticket_write(answer, STDIN_FILENO);
                if (failed < 0 || r < 0)
                        log_error("%s: %s", argv[1], strerror(failed < 0 ? -failed : -r));
                return failed < 0 || r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        }
        log_error("usage: deployd-archive write, show or read; with a ticket on standard input");
        return EXIT_FAILURE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "systemd/last-line.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-journal.h>

#include "base/names.h"
#include "base/text.h"

/* Lines of later runs that are passed over at most. */
#define LINES_LOOKED_AT 1000

struct LastLine {
        int fd;
        char *unit;
        sd_id128_t invocation;
        sd_event_source *io, *timer;
        LastLineDone done;
        void *userdata;
};

LastLine *last_line_free(LastLine *line)
{
        if (!line)
                return NULL;
        sd_event_source_disable_unref(line->io);
        sd_event_source_disable_unref(line->timer);
        closep(&line->fd);
        free(line->unit);
        free(line);
        return NULL;
}

/* Whether the entry at hand is of the run with that id. The journal learns the id from PID 1's runtime files
 * when it reads a program's first line; by then a program that ended at once can have taken them with it
 * (src/core/unit.c, unit_unlink_state_files()), and the entry has its unit but no id. */
static bool is_of_run(sd_journal *journal, sd_id128_t invocation)
{
        char field[sizeof("_SYSTEMD_INVOCATION_ID=") + SD_ID128_STRING_MAX], id[SD_ID128_STRING_MAX];
        const void *data;
        size_t size;

        (void) stpcpy(stpcpy(field, "_SYSTEMD_INVOCATION_ID="), sd_id128_to_string(invocation, id));
        return sd_journal_get_data(journal, "_SYSTEMD_INVOCATION_ID", &data, &size) < 0 ||
               (size == strlen(field) && memcmp(data, field, size) == 0);
}

/* 0 with a copy in *ret; -ENOENT if there is none; -errno. */
static int read_last(const char *unit, sd_id128_t invocation, char **ret)
{
        _cleanup_(sd_journal_closep) sd_journal *journal = NULL;
        _cleanup_free_ char *match = text_format("_SYSTEMD_UNIT=%s", unit);
        const void *data;
        size_t size;
        unsigned n = 0;
        int r;

        if (!match)
                return -ENOMEM;
        r = sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
        if (r >= 0)
                r = sd_journal_add_match(journal, match, 0);
        if (r >= 0)
                r = sd_journal_add_match(journal, "_TRANSPORT=stdout", 0);
        if (r >= 0)
                r = sd_journal_seek_tail(journal);
        do { /* a later run of the unit may have begun meanwhile */
                if (r >= 0)
                        r = sd_journal_previous(journal);
        } while (r > 0 && ++n < LINES_LOOKED_AT && !is_of_run(journal, invocation));
        if (r == 0 || (r > 0 && n == LINES_LOOKED_AT))
                r = -ENOENT;
        if (r > 0)
                r = sd_journal_get_data(journal, "MESSAGE", &data, &size);
        if (r >= 0) {
                *ret = strndup((const char *) data + strlen("MESSAGE="), size - strlen("MESSAGE="));
                r = *ret ? 0 : -ENOMEM;
        }
        return r;
}

static void finish(LastLine *line)
{
        _cleanup_free_ char *text = NULL;
        char nothing[] = "";
        LastLineDone done = line->done;
        void *userdata = line->userdata;

        (void) read_last(line->unit, line->invocation, &text);
        last_line_free(line);
        done(userdata, text ? text : nothing);
}

static int on_timeout(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
        finish(userdata);
        return 0;
}

/* Any answer is one: whatever it says, the journal has done what it could. */
static int on_io(_unused_ sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        LastLine *line = userdata;

        if (events == EPOLLOUT) {
                if (send(fd, JOURNAL_SYNCHRONIZE, sizeof(JOURNAL_SYNCHRONIZE), MSG_NOSIGNAL) ==
                            (ssize_t) sizeof(JOURNAL_SYNCHRONIZE) &&
                    sd_event_source_set_io_events(line->io, EPOLLIN) >= 0)
                        return 0;
        }
        finish(line);
        return 0;
}

static int connect_to_journal(void)
{
        static const struct sockaddr_un address = { .sun_family = AF_UNIX,
                                                    .sun_path = PATH_JOURNAL_VARLINK };
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (fd < 0 || connect(fd, (const struct sockaddr *) &address, sizeof(address)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

int last_line_new(sd_event *event, const char *unit, sd_id128_t invocation, LastLineDone done,
                  void *userdata, LastLine **ret)
{
        _cleanup_(last_line_freep) LastLine *line = NULL;
        int r;

        assert(event);
        assert(unit);
        assert(done);
        assert(ret);

        line = calloc(1, sizeof(LastLine));
        if (!line)
                return -ENOMEM;
        *line = (LastLine){ .fd = connect_to_journal(),
                            .unit = strdup(unit),
                            .invocation = invocation,
                            .done = done,
                            .userdata = userdata };
        if (!line->unit)
                return -ENOMEM;
        /* Without a journal to ask there is nothing to wait for. */
        r = sd_event_add_time_relative(event, &line->timer, CLOCK_MONOTONIC,
                                       line->fd < 0 ? 0 : LAST_LINE_PATIENCE_USEC, 0, on_timeout, line);
        if (r >= 0 && line->fd >= 0)
                r = sd_event_add_io(event, &line->io, line->fd, EPOLLOUT, on_io, line);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(line);
        return 0;
}

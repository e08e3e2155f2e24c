/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "systemd/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/tail.h"
#include "base/text.h"

#define INTERVAL (60 * USEC_PER_SEC)

/* Of a longer line the journal makes two: LineMax= of journald.conf(5). */
#define LINE_BYTES ((size_t) 48 * 1024)

/* What is kept of lines that are too many, and passed on later: enough to see why a program ended. */
#define TAIL_BYTES ((size_t) 64 * 1024)

/* Shown by ps(1). */
#define NAME "deployd-relay"

#define REASON "log-rate of [runner] in deploy.conf is reached"

enum { STREAMS = 2 };

typedef struct Stream {
        int from, to; /* the pipe and the journal; `from` is -1 at its end */
        size_t size;
        char buffer[LINE_BYTES]; /* of a line that has not ended yet */
        Tail tail;
} Stream;

typedef struct Relay {
        Stream streams[STREAMS];
        uint64_t max, room; /* bytes of a minute, and of this one */
        uint64_t until;     /* when this minute ends */
} Relay;

/* Without a journal that takes it, output is lost; the program goes on. */
static void relay_write(int fd, const char *data, size_t size)
{
        while (size > 0) {
                ssize_t n = write(fd, data, size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return;
                data += n;
                size -= (size_t) n;
        }
}

static int relay_tail_line(const char *line, size_t size, void *userdata)
{
        const Stream *stream = userdata;

        relay_write(stream->to, line, size);
        return 0;
}

/* The minute is over, or the program's output. */
static void relay_flush(Relay *relay)
{
        relay->room = relay->max;
        for (size_t i = 0; i < STREAMS; i++) {
                Stream *stream = &relay->streams[i];
                _cleanup_free_ char *gap = NULL;

                if (stream->tail.n_lost > 0) {
                        gap = tail_describe_gap(&stream->tail, REASON);
                        relay_tail_line(text_or_empty(gap), strlen(text_or_empty(gap)), stream);
                        relay_tail_line("\n", strlen("\n"), stream);
                }
                relay->room -= MIN2(relay->room, stream->tail.size + stream->tail.n * LOG_LINE_COST);
                (void) tail_flush(&stream->tail, relay_tail_line, stream);
        }
}

/* Whether a line with so many bytes is passed on now. Behind the first one that is not, none is until the
 * minute is over. */
static bool relay_takes(Relay *relay, size_t size)
{
        bool takes = size + LOG_LINE_COST <= relay->room;

        relay->room = takes ? relay->room - size - LOG_LINE_COST : 0;
        return takes;
}

/* Passes on the lines that have come, at once; those that are too many wait in the tail. */
static void relay_lines(Relay *relay, Stream *stream)
{
        const char *line = stream->buffer, *end = stream->buffer + stream->size, *passed = line, *newline;

        while (line < end && (newline = memchr(line, '\n', (size_t) (end - line)))) {
                if (relay_takes(relay, (size_t) (newline + 1 - line)))
                        passed = newline + 1;
                else
                        tail_add(&stream->tail, line, (size_t) (newline - line));
                line = newline + 1;
        }
        relay_write(stream->to, stream->buffer, (size_t) (passed - stream->buffer));
        stream->size = (size_t) (end - line);
        memmove(stream->buffer, line, stream->size);
}

/* The same with a line that has no end yet: it is the last one, or too long. */
static void relay_rest(Relay *relay, Stream *stream)
{
        if (relay_takes(relay, stream->size))
                relay_write(stream->to, stream->buffer, stream->size);
        else
                tail_add(&stream->tail, stream->buffer, stream->size);
        stream->size = 0;
}

static void relay_read(Relay *relay, Stream *stream)
{
        ssize_t n = read(stream->from, stream->buffer + stream->size, sizeof(stream->buffer) - stream->size);

        if (n < 0 && errno == EINTR)
                return;
        if (n > 0)
                stream->size += (size_t) n;
        relay_lines(relay, stream);
        if (stream->size > 0 && (n <= 0 || stream->size == sizeof(stream->buffer)))
                relay_rest(relay, stream);
        if (n <= 0) {
                closep(&stream->from);
                stream->from = -1;
        }
}

/* Whether lines wait for the minute's end. */
static bool relay_has_tail(const Relay *relay)
{
        for (size_t i = 0; i < STREAMS; i++)
                if (relay->streams[i].tail.size > 0 || relay->streams[i].tail.n_lost > 0)
                        return true;
        return false;
}

static void relay_wait(Relay *relay)
{
        uint64_t now = clock_usec(CLOCK_MONOTONIC), left = relay->until > now ? relay->until - now : 0;
        struct pollfd fds[STREAMS];

        for (size_t i = 0; i < STREAMS; i++)
                fds[i] = (struct pollfd){ .fd = relay->streams[i].from, .events = POLLIN };
        if (poll(fds, STREAMS, relay_has_tail(relay) ? (int) (left / USEC_PER_MSEC) + 1 : -1) < 0)
                return;
        now = clock_usec(CLOCK_MONOTONIC);
        if (now >= relay->until) {
                relay_flush(relay);
                relay->until = now + INTERVAL;
        }
        for (size_t i = 0; i < STREAMS; i++)
                if (fds[i].revents != 0)
                        relay_read(relay, &relay->streams[i]);
}

static _Noreturn void relay_run(Relay *relay)
{
        (void) prctl(PR_SET_NAME, NAME);
        /* The app has the same user, and is not to get at the sockets. */
        (void) prctl(PR_SET_DUMPABLE, 0);
        relay->room = relay->max;
        relay->until = clock_usec(CLOCK_MONOTONIC) + INTERVAL;
        while (relay->streams[0].from >= 0 || relay->streams[1].from >= 0)
                relay_wait(relay);
        relay_flush(relay);
        _exit(EXIT_SUCCESS);
}

/* In a session of its own, and a process that nobody has as a child: a program that waits for all of its
 * children does not wait for the relay. */
static _Noreturn void relay_leave(Relay *relay, const int others[static STREAMS])
{
        pid_t pid;

        (void) setsid();
        pid = fork();
        if (pid != 0)
                _exit(pid < 0 ? errno : 0);
        for (size_t i = 0; i < STREAMS; i++)
                if (others[i] >= 0)
                        (void) close(others[i]);
        relay_run(relay);
}

/* `others` are the writing ends. 0 or -errno. */
static int relay_fork(Relay *relay, const int others[static STREAMS])
{
        sigset_t all, before;
        int status, r = 0;
        pid_t pid;

        /* From its first moment on: what stops the program does not stop the relay, which has its last words
         * still to pass on. */
        (void) sigfillset(&all);
        (void) sigprocmask(SIG_BLOCK, &all, &before);
        pid = fork();
        if (pid == 0)
                relay_leave(relay, others);
        if (pid < 0)
                r = -errno;
        (void) sigprocmask(SIG_SETMASK, &before, NULL);
        if (r < 0)
                return r;
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        return WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD;
}

static bool is_same_file(int a, int b)
{
        struct stat first, second;

        return fstat(a, &first) >= 0 && fstat(b, &second) >= 0 && first.st_dev == second.st_dev &&
               first.st_ino == second.st_ino;
}

int relay_start(uint64_t max_per_minute)
{
        static const int standard[STREAMS] = { STDOUT_FILENO, STDERR_FILENO };
        static Relay relay;
        int writers[STREAMS] = { -1, -1 }, r = 0;

        relay.max = max_per_minute;
        for (size_t i = 0; i < STREAMS; i++) {
                relay.streams[i].from = -1;
                relay.streams[i].to = standard[i];
                relay.streams[i].tail.max = TAIL_BYTES;
        }
        for (size_t i = 0; r >= 0 && i < (is_same_file(STDOUT_FILENO, STDERR_FILENO) ? 1 : STREAMS); i++) {
                int fds[2];

                if (pipe2(fds, O_CLOEXEC) < 0)
                        r = -errno;
                else {
                        relay.streams[i].from = fds[0];
                        writers[i] = fds[1];
                }
        }
        if (r >= 0)
                r = relay_fork(&relay, writers);
        for (size_t i = 0; r >= 0 && i < STREAMS; i++)
                if (dup2(writers[i] >= 0 ? writers[i] : writers[0], standard[i]) < 0)
                        r = -errno;
        for (size_t i = 0; i < STREAMS; i++) {
                closep(&relay.streams[i].from);
                closep(&writers[i]);
        }
        return r;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "builder/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/quote.h"
#include "base/text.h"
#include "builder/guard.h"
#include "release/refuse.h"

/* How much is read of it at once: what a pipe holds. */
#define BLOCK_SIZE ((size_t) 64 * 1024)

/* What a shell says of a command that it cannot execute: sh(1p), "Exit Status". */
#define EXIT_NOT_EXECUTED 126

/* The same of a command that a signal ended: this and the signal's number. */
#define SHELL_SIGNAL_BASE 128

/* How long others may go on when the program has ended: for the tee(1) it printed through. */
#define LINGER (1 * USEC_PER_SEC)

enum { STREAM_ERROR, STREAM_OUTPUT, STREAMS };

typedef struct Stream {
        int fd; /* -1 at its end */
        Lines lines;
        LineEach each;
        void *userdata;
} Stream;

typedef struct Run {
        Stream streams[STREAMS];
        int signal_fd;
        pid_t pid;
        int status;
        uint64_t ended; /* when; 0 as long as it runs */
        bool stopped;   /* somebody asked for the build's end */
} Run;

int child_setup(void)
{
        sigset_t signals;

        (void) sigemptyset(&signals);
        (void) sigaddset(&signals, SIGCHLD);
        if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
                return -errno;
        return 0;
}

/* In the child: becomes the program. */
static _Noreturn void child_become(const Child *child, pid_t guard, const int fds[static STREAMS])
{
        int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        sigset_t none;
        int r;

        /* Ignored signals are inherited. */
        (void) signal(SIGXFSZ, SIG_DFL);
        (void) signal(SIGPIPE, SIG_DFL);
        (void) sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, NULL);
        (void) setsid();
        (void) umask(0022);
        r = guard_confine(guard);
        if (r < 0) {
                (void) dprintf(fds[STREAM_ERROR], "cannot confine %s: %s\n", child->argv[0], strerror(-r));
                _exit(EXIT_NOT_EXECUTED);
        }
        if (null_fd >= 0 && dup2(null_fd, STDIN_FILENO) >= 0 &&
            dup2(fds[STREAM_ERROR], STDERR_FILENO) >= 0 &&
            dup2(fds[child->on_stdout ? STREAM_OUTPUT : STREAM_ERROR], STDOUT_FILENO) >= 0 &&
            chdir(child->directory) >= 0)
                /* execve(2) changes none of them; its type is older than const. */
                (void) execve(child->argv[0], (char *const *) (uintptr_t) child->argv, child->environment);
        (void) dprintf(STDERR_FILENO, "cannot execute %s: %s\n", child->argv[0], strerror(errno));
        _exit(EXIT_NOT_EXECUTED);
}

/* Makes the pipes and starts it. 0 or -errno; what is open is the caller's. */
static int child_start(Run *run, const Child *child)
{
        int writers[STREAMS] = { -1, -1 }, r = 0;

        run->signal_fd = -1;
        for (size_t i = 0; i < STREAMS && r >= 0; i++) {
                int fds[2] = { -1, -1 };

                if (pipe2(fds, O_CLOEXEC) < 0)
                        r = -errno;
                run->streams[i].fd = fds[0];
                writers[i] = fds[1];
        }
        if (r >= 0) {
                sigset_t signals;

                (void) sigemptyset(&signals);
                (void) sigaddset(&signals, SIGCHLD);
                (void) sigaddset(&signals, SIGTERM);
                run->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
                r = run->signal_fd < 0 ? -errno : 0;
        }
        if (r >= 0) {
                pid_t guard = getpid();

                run->pid = fork();
                if (run->pid == 0)
                        child_become(child, guard, writers);
                r = run->pid < 0 ? -errno : 0;
        }
        for (size_t i = 0; i < STREAMS; i++)
                closep(&writers[i]);
        return r;
}

/* While a program runs, a SIGTERM ends the build in order: its last lines are logged. */
static void child_block_end(int how)
{
        sigset_t signals;

        (void) sigemptyset(&signals);
        (void) sigaddset(&signals, SIGTERM);
        (void) sigprocmask(how, &signals, NULL);
}

static void child_stop(Run *run)
{
        for (size_t i = 0; i < STREAMS; i++)
                closep(&run->streams[i].fd);
        closep(&run->signal_fd);
}

/* Reads what is there of a stream; at its end its descriptor is -1. */
static void child_stream_read(Stream *stream)
{
        static char block[BLOCK_SIZE];
        ssize_t n = read(stream->fd, block, sizeof(block));

        if (n > 0)
                lines_add(&stream->lines, block, (size_t) n, stream->each, stream->userdata);
        else if (n == 0 || errno != EINTR) {
                lines_end(&stream->lines, stream->each, stream->userdata);
                closep(&stream->fd);
                stream->fd = -1;
        }
}

/* Takes the status of whatever has ended, ours or left to us. With `options` 0 waits for all. */
static void child_reap(Run *run, int options)
{
        struct signalfd_siginfo info;
        int status;
        pid_t pid;

        while (read(run->signal_fd, &info, sizeof(info)) > 0)
                run->stopped |= info.ssi_signo == SIGTERM;
        while ((pid = waitpid(-1, &status, options)) > 0 || (pid < 0 && errno == EINTR))
                if (pid == run->pid) {
                        run->status = status;
                        run->ended = clock_usec(CLOCK_MONOTONIC);
                }
}

static bool is_over(const Run *run, uint64_t now)
{
        if (run->ended == 0 || run->stopped)
                return run->stopped;
        return (run->streams[STREAM_ERROR].fd < 0 && run->streams[STREAM_OUTPUT].fd < 0) ||
               now >= run->ended + LINGER;
}

/* Waits until something happens, or `until`. */
static void wait_for_more(Run *run, uint64_t now, uint64_t until)
{
        struct pollfd fds[STREAMS + 1];

        for (size_t i = 0; i < STREAMS; i++)
                fds[i] = (struct pollfd){ .fd = run->streams[i].fd, .events = POLLIN };
        fds[STREAMS] = (struct pollfd){ .fd = run->signal_fd, .events = POLLIN };

        until = until > now ? until - now : 0;
        if (poll(fds, ELEMENTSOF(fds), (int) (until / USEC_PER_MSEC) + 1) <= 0)
                return;
        for (size_t i = 0; i < STREAMS; i++)
                if (fds[i].revents != 0)
                        child_stream_read(&run->streams[i]);
        if (fds[STREAMS].revents != 0)
                child_reap(run, WNOHANG);
}

int child_run(const Child *child, Output *output, Watch *watch, int *ret_status, char **reterr)
{
        Run run = { .streams = { { .fd = -1 }, { .fd = -1 } } };
        uint64_t now;
        int r;

        assert(child);
        assert(output);
        assert(watch);
        assert(ret_status);
        assert(reterr);

        output_restart(output);
        child_block_end(SIG_BLOCK);
        r = guard_begin();
        if (r >= 0)
                r = child_start(&run, child);
        if (r < 0) {
                guard_end();
                child_block_end(SIG_UNBLOCK);
                child_stop(&run);
                return refuse(reterr, r, "cannot start a program: %s", strerror(-r));
        }
        run.streams[STREAM_ERROR].each = output_line;
        run.streams[STREAM_ERROR].userdata = output;
        run.streams[STREAM_OUTPUT].each = child->on_stdout ? child->on_stdout : output_line;
        run.streams[STREAM_OUTPUT].userdata = child->on_stdout ? child->userdata : output;

        while (!is_over(&run, now = clock_usec(CLOCK_MONOTONIC)) && r >= 0) {
                uint64_t until = output_tell(output, now);

                guard_feed();
                if (now >= watch->next)
                        r = watch_look(watch, reterr);
                until = MIN2(until, watch->next);
                if (run.ended != 0)
                        until = MIN2(until, run.ended + LINGER);
                if (r >= 0)
                        wait_for_more(&run, now, until);
        }
        /* All of this user but us: kill(2). Then their ends of the pipes are closed. */
        (void) kill(-1, SIGKILL);
        child_reap(&run, 0);
        guard_end();
        for (size_t i = 0; i < STREAMS; i++)
                while (run.streams[i].fd >= 0)
                        child_stream_read(&run.streams[i]);
        child_stop(&run);
        child_block_end(SIG_UNBLOCK);
        *ret_status = run.status;
        return r >= 0 && run.stopped ? refuse(reterr, -EINTR, "the build was stopped") : r;
}

char *child_describe_end(int status, const char *reason)
{
        const char *colon = text_is_empty(reason) ? "" : QUOTE_MARK ": ";
        int number = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status) - SHELL_SIGNAL_BASE;
        const char *name = number > 0 ? sigabbrev_np(number) : NULL;

        if (WIFSIGNALED(status) && !name)
                return text_format("was killed by signal %d%s%s", number, colon, text_or_empty(reason));
        if (WIFSIGNALED(status))
                return text_format("was killed by signal SIG%s%s%s", name, colon, text_or_empty(reason));
        return text_format("exited with status %d%s%s%s%s%s", WEXITSTATUS(status), name ? " (SIG" : "",
                           text_or_empty(name), name ? ")" : "", colon, text_or_empty(reason));
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "git/ssh.h"

#include <errno.h>
#include <fcntl.h>
#include <git2.h>
#include <git2/sys/transport.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/text.h"
#include "git/ssh-words.h"
#include "git/stream.h"

#define SSH "/usr/bin/ssh"

/* Of what ssh says the end counts, and a server can say as much as it likes. */
#define SAID_MAX 4096

/* How long ssh may take to end after the connection has. */
#define END_MSEC 5000

typedef struct SshTransport SshTransport;

/* One run of ssh(1): git-upload-pack at the other end. */
typedef struct SshStream {
        git_smart_subtransport_stream parent; /* libgit2 takes the one for the other */
        SshTransport *transport;
        int fd;      /* its standard input and output */
        int said_fd; /* its standard error */
        int key_fd, hosts_fd;
        pid_t pid; /* 0 = it has been waited for */
        char said[SAID_MAX + 1];
        size_t said_size;
} SshStream;

struct SshTransport {
        git_smart_subtransport parent;
        SshStream *stream;
};

/* Whom the next transport speaks to: libgit2 passes nothing but the URL on. */
static const Url *ssh_url;
static const Credential *ssh_credential;
static uint64_t ssh_silence;
static char *ssh_failure; /* the sentence about the last one */

static int stream_fail(char *sentence)
{
        free(ssh_failure);
        ssh_failure = sentence;
        git_error_set_str(GIT_ERROR_SSH, sentence ? sentence : "out of memory");
        return -1;
}

/* ssh closes what it inherits, and opens these by the path of this program. -1 on failure. */
static int secret_make(const char *name, const char *text)
{
        _cleanup_close_ int fd = memfd_create(name, MFD_CLOEXEC);

        if (fd < 0 || fchmod(fd, 0600) < 0 || fd_write(fd, text, strlen(text)) < 0)
                return -1;
        return TAKE_FD(fd);
}

/* A word for the shell at the other end. Caller frees; NULL when out of memory. */
static char *quote_command(const char *path)
{
        char *command = NULL;
        size_t size;
        FILE *stream = open_memstream(&command, &size);

        if (!stream)
                return NULL;
        (void) fputs("git-upload-pack '", stream);
        for (; *path; path++)
                if (strchr("'!", *path))
                        (void) fprintf(stream, "'\\%c'", *path);
                else
                        (void) fputc(*path, stream);
        (void) fputc('\'', stream);
        return fclose(stream) == 0 ? command : NULL;
}

static int run(SshStream *stream, const char *const arguments[], int in_fd, int error_fd)
{
        static char path[] = "PATH=/usr/bin:/bin", locale[] = "LC_ALL=C.UTF-8", home[] = "HOME=/nonexistent";
        char *environment[] = { path, locale, home, NULL };
        posix_spawn_file_actions_t files;
        posix_spawnattr_t attributes;
        sigset_t signals;
        int r;

        /* What this program ignores, that one does not. */
        (void) sigemptyset(&signals);
        (void) sigaddset(&signals, SIGPIPE);
        (void) sigaddset(&signals, SIGXFSZ);
        r = posix_spawn_file_actions_init(&files);
        if (r != 0)
                return -r;
        r = posix_spawnattr_init(&attributes);
        if (r == 0) {
                r = posix_spawnattr_setsigdefault(&attributes, &signals);
                if (r == 0)
                        r = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
                if (r == 0)
                        r = posix_spawn_file_actions_adddup2(&files, in_fd, STDIN_FILENO);
                if (r == 0)
                        r = posix_spawn_file_actions_adddup2(&files, in_fd, STDOUT_FILENO);
                if (r == 0)
                        r = posix_spawn_file_actions_adddup2(&files, error_fd, STDERR_FILENO);
                if (r == 0)
                        r = posix_spawn(&stream->pid, SSH, &files, &attributes,
                                        (char **) (uintptr_t) arguments, environment);
                (void) posix_spawnattr_destroy(&attributes);
        }
        (void) posix_spawn_file_actions_destroy(&files);
        if (r != 0)
                stream->pid = 0;
        return -r;
}

static int stream_start(SshStream *stream)
{
        const Url *url = ssh_url;
        _cleanup_free_ char *host = NULL, *command = NULL, *key = NULL, *hosts = NULL;
        _cleanup_close_ int theirs = -1, error = -1;
        int pair[2], ends[2];

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
                return -errno;
        stream->fd = pair[0];
        theirs = pair[1];
        if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
                return -errno;
        stream->said_fd = ends[0];
        error = ends[1];
        /* ssh is to wait while nobody reads. */
        if (fcntl(error, F_SETFL, 0) < 0)
                return -errno;
        stream->key_fd = secret_make("key", ssh_credential->key);
        stream->hosts_fd = secret_make("known_hosts", text_or_empty(ssh_credential->known_hosts));
        if (stream->key_fd < 0 || stream->hosts_fd < 0)
                return -errno;
        key = text_format("IdentityFile=/proc/%d/fd/%d", (int) getpid(), stream->key_fd);
        hosts = text_format("UserKnownHostsFile=/proc/%d/fd/%d", (int) getpid(), stream->hosts_fd);
        command = quote_command(url->path);
        /* An address of IPv6 goes without its brackets. */
        host = url->host[0] == '[' ? strndup(url->host + 1, strlen(url->host) - 2) : strdup(url->host);
        if (!key || !hosts || !command || !host)
                return -ENOMEM;
        return run(stream, (const char *const[]){ SSH,     "-F",
                                                  "none",  "-T",
                                                  "-a",    "-x",
                                                  "-p",    url->port[0] ? url->port : "22",
                                                  "-l",    url->user ? url->user : "git",
                                                  "-o",    "BatchMode=yes",
                                                  "-o",    "StrictHostKeyChecking=yes",
                                                  "-o",    hosts,
                                                  "-o",    "GlobalKnownHostsFile=none",
                                                  "-o",    key,
                                                  "-o",    "IdentitiesOnly=yes",
                                                  "-o",    "IdentityAgent=none",
                                                  "-o",    "PreferredAuthentications=publickey",
                                                  "-o",    "ConnectTimeout=15",
                                                  "-o",    "ServerAliveInterval=15",
                                                  "-o",    "ServerAliveCountMax=2",
                                                  "-o",    "ControlPath=none",
                                                  "-o",    "UpdateHostKeys=no",
                                                  "-o",    "PermitLocalCommand=no",
                                                  "-o",    "LogLevel=ERROR",
                                                  "--",    host,
                                                  command, NULL },
                   theirs, error);
}

/* Keeps the end of what ssh has said by now. */
static void said_read(SshStream *stream)
{
        char part[512];
        ssize_t n;

        while ((n = read(stream->said_fd, part, sizeof(part))) > 0) {
                size_t size = (size_t) n, kept = MIN2(stream->said_size, SAID_MAX - size);

                memmove(stream->said, stream->said + stream->said_size - kept, kept);
                memcpy(stream->said + kept, part, size);
                stream->said_size = kept + size;
                stream->said[stream->said_size] = '\0';
        }
        if (n == 0) {
                closep(&stream->said_fd);
                stream->said_fd = -1;
        }
}

/* Until it has ended, or for END_MSEC: then it is killed. Returns its status. */
static int stream_wait(SshStream *stream)
{
        _cleanup_close_ int fd = pidfd_open(stream->pid, 0);
        struct pollfd waited = { .fd = fd, .events = POLLIN };
        int status = 0;

        if (fd < 0 || poll(&waited, 1, END_MSEC) <= 0)
                (void) kill(stream->pid, SIGKILL);
        while (waitpid(stream->pid, &status, 0) < 0 && errno == EINTR)
                ;
        stream->pid = 0;
        return status;
}

/* ssh has closed its output. 0 if that was the end of a conversation. */
static int stream_end(SshStream *stream)
{
        int status = stream->pid > 0 ? stream_wait(stream) : 0;

        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
                return 0;
        if (stream->said_fd >= 0)
                said_read(stream);
        return stream_fail(ssh_words_explain(stream->said, ssh_url->host));
}

static int stream_read(git_smart_subtransport_stream *parent, char *buffer, size_t size, size_t *ret)
{
        SshStream *stream = (SshStream *) parent;
        struct pollfd waited[] = { { .fd = stream->fd, .events = POLLIN }, { .events = POLLIN } };
        uint64_t left = ssh_silence;
        ssize_t n;

        *ret = 0;
        for (;;) {
                uint64_t before = clock_usec(CLOCK_MONOTONIC), passed;

                waited[1].fd = stream->said_fd;
                n = poll(waited, ELEMENTSOF(waited), (int) MIN2(left / USEC_PER_MSEC, (uint64_t) INT_MAX));
                if (n < 0 && errno != EINTR)
                        return stream_fail(text_format("cannot wait for ssh: %s", strerror(errno)));
                if (n > 0 && waited[1].revents)
                        said_read(stream);
                if (n > 0 && waited[0].revents)
                        break;
                /* What it says on the side is no progress. */
                passed = clock_usec(CLOCK_MONOTONIC) - before;
                if (n == 0 || passed >= left)
                        return stream_fail(text_format(STREAM_SILENCE, ssh_silence / USEC_PER_SEC));
                left -= passed;
        }
        n = read(stream->fd, buffer, size);
        if (n < 0)
                return stream_fail(text_format("cannot read from ssh: %s", strerror(errno)));
        *ret = (size_t) n;
        return n > 0 ? 0 : stream_end(stream);
}

static int stream_write(git_smart_subtransport_stream *parent, const char *buffer, size_t size)
{
        SshStream *stream = (SshStream *) parent;

        while (size > 0) {
                ssize_t n = send(stream->fd, buffer, size, MSG_NOSIGNAL);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return stream_fail(text_format("cannot write to ssh: %s", strerror(errno)));
                buffer += n;
                size -= (size_t) n;
        }
        return 0;
}

static void stream_free(git_smart_subtransport_stream *parent)
{
        SshStream *stream = (SshStream *) parent;

        stream->transport->stream = NULL;
        closep(&stream->fd);
        closep(&stream->said_fd);
        if (stream->pid > 0) {
                (void) kill(stream->pid, SIGTERM);
                (void) stream_wait(stream);
        }
        closep(&stream->key_fd);
        closep(&stream->hosts_fd);
        free(stream);
}

static int transport_action(git_smart_subtransport_stream **ret, git_smart_subtransport *parent,
                            const char *url, git_smart_service_t service)
{
        SshTransport *transport = (SshTransport *) parent;
        SshStream *stream;
        int r;

        (void) url;
        if (service == GIT_SERVICE_UPLOADPACK && transport->stream) {
                *ret = &transport->stream->parent;
                return 0;
        }
        if (service != GIT_SERVICE_UPLOADPACK_LS)
                return stream_fail(text_format("ssh is used for fetches only"));
        stream = calloc(1, sizeof(SshStream));
        if (!stream)
                return stream_fail(NULL);
        *stream = (SshStream){
                .parent = { .subtransport = parent,
                            .read = stream_read,
                            .write = stream_write,
                            .free = stream_free },
                .transport = transport,
                .fd = -1,
                .said_fd = -1,
                .key_fd = -1,
                .hosts_fd = -1,
        };
        transport->stream = stream;
        r = stream_start(stream);
        if (r < 0) {
                stream_free(&stream->parent);
                return stream_fail(text_format("cannot run " SSH ": %s", strerror(-r)));
        }
        *ret = &stream->parent;
        return 0;
}

/* Its stream is freed by libgit2 before. */
static int transport_close(git_smart_subtransport *parent)
{
        (void) parent;
        return 0;
}

static void transport_free(git_smart_subtransport *parent)
{
        free((SshTransport *) parent);
}

static int transport_new(git_smart_subtransport **ret, git_transport *owner, void *param)
{
        SshTransport *transport = calloc(1, sizeof(SshTransport));

        (void) owner;
        (void) param;
        if (!transport)
                return -1;
        transport->parent = (git_smart_subtransport){ .action = transport_action,
                                                      .close = transport_close,
                                                      .free = transport_free };
        *ret = &transport->parent;
        return 0;
}

int ssh_setup(const Url *url, const Credential *credential, uint64_t silence_usec, Problem *problem)
{
        /* Not rpc: one connection for all. */
        static git_smart_subtransport_definition definition = { transport_new, 0, NULL };
        int r;

        assert(url);
        assert(problem);

        free(ssh_failure);
        ssh_failure = NULL;
        if (credential && credential->misplaced)
                return problem_set(problem, PROBLEM_REMOTE, "%s", CREDENTIAL_MISPLACED);
        if (!credential || !credential->key)
                return problem_set(
                        problem, PROBLEM_REMOTE, "%s is reached by ssh, which takes a key: %s", url->host,
                        !credential ? "a submodule has none; give its address as https:// in .gitmodules"
                                    : "'deployctl repo key NAME' makes one");
        ssh_url = url;
        ssh_credential = credential;
        ssh_silence = silence_usec;
        r = git_transport_register("ssh", git_transport_smart, &definition);
        return r < 0 && r != GIT_EEXISTS ? problem_set_git(problem, PROBLEM_INTERNAL) : 0;
}

int ssh_problem(Problem *problem)
{
        return ssh_failure ? problem_set(problem, PROBLEM_REMOTE, "%s", ssh_failure) : 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "git/stream.h"

#include <errno.h>
#include <git2.h>
#include <git2/sys/stream.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/text.h"

typedef struct Stream {
        git_stream parent; /* libgit2 takes the one for the other */
        int fd;
        char *host, *port;
} Stream;

/* The proxy, if there is one: libgit2 gives a stream nothing but the names of the server. */
static char *proxy_host;
static char proxy_port[sizeof("65535")];

static uint64_t silence;
static bool silent;

static int stream_fail(const Stream *stream, const char *what, const char *error)
{
        _cleanup_free_ char *sentence = text_format("failed to %s %s: %s", what, stream->host, error);

        git_error_set_str(GIT_ERROR_NET, text_or_empty(sentence));
        return -1;
}

/* Until there is something to read, or room to write. 0 or -errno. */
static int stream_wait(const Stream *stream, short events)
{
        struct pollfd waited = { .fd = stream->fd, .events = events };
        int n;

        do
                n = poll(&waited, 1, (int) MIN2(silence / USEC_PER_MSEC, (uint64_t) INT_MAX));
        while (n < 0 && errno == EINTR);
        silent = n == 0;
        return n > 0 ? 0 : n < 0 ? -errno : -ETIMEDOUT;
}

static int connect_to(Stream *stream, const struct addrinfo *address)
{
        socklen_t size = sizeof(int);
        int r, error = 0;

        stream->fd = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                            address->ai_protocol);
        if (stream->fd < 0)
                return -errno;
        if (connect(stream->fd, address->ai_addr, address->ai_addrlen) == 0)
                return 0;
        if (errno != EINPROGRESS)
                return -errno;
        r = stream_wait(stream, POLLOUT);
        if (r < 0)
                return r;
        return getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 ? -errno : -error;
}

static int stream_connect(git_stream *parent)
{
        static const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
        Stream *stream = (Stream *) parent;
        struct addrinfo *found, *address;
        int r;

        r = getaddrinfo(stream->host, stream->port, &hints, &found);
        if (r != 0)
                return stream_fail(stream, "resolve address for", gai_strerror(r));
        r = -EADDRNOTAVAIL;
        for (address = found; address && r < 0; address = address->ai_next) {
                closep(&stream->fd);
                stream->fd = -1;
                r = connect_to(stream, address);
        }
        freeaddrinfo(found);
        return r < 0 ? stream_fail(stream, "connect to", strerror(-r)) : 0;
}

static ssize_t stream_read(git_stream *parent, void *data, size_t size)
{
        const Stream *stream = (Stream *) parent;
        ssize_t n;
        int r = 0;

        while ((n = recv(stream->fd, data, size, 0)) < 0 && (errno == EINTR || errno == EAGAIN)) {
                r = stream_wait(stream, POLLIN);
                if (r < 0)
                        return stream_fail(stream, "read from", strerror(-r));
        }
        return n < 0 ? stream_fail(stream, "read from", strerror(errno)) : n;
}

static ssize_t stream_write(git_stream *parent, const char *data, size_t size, int flags)
{
        const Stream *stream = (Stream *) parent;
        ssize_t n;
        int r = 0;

        while ((n = send(stream->fd, data, size, flags | MSG_NOSIGNAL)) < 0 &&
               (errno == EINTR || errno == EAGAIN)) {
                r = stream_wait(stream, POLLOUT);
                if (r < 0)
                        return stream_fail(stream, "write to", strerror(-r));
        }
        return n < 0 ? stream_fail(stream, "write to", strerror(errno)) : n;
}

static int stream_close(git_stream *parent)
{
        Stream *stream = (Stream *) parent;

        closep(&stream->fd);
        stream->fd = -1;
        return 0;
}

static void stream_free(git_stream *parent)
{
        Stream *stream = (Stream *) parent;

        (void) stream_close(parent);
        free(stream->host);
        free(stream->port);
        free(stream);
}

static int stream_new(git_stream **ret, const char *host, const char *port)
{
        Stream *stream = calloc(1, sizeof(*stream));

        if (!stream)
                return -1;
        *stream = (Stream){
                .parent = { .version = GIT_STREAM_VERSION,
                            .connect = stream_connect,
                            .read = stream_read,
                            .write = stream_write,
                            .close = stream_close,
                            .free = stream_free },
                .fd = -1,
                .host = strdup(proxy_host ? proxy_host : host),
                .port = strdup(proxy_host ? proxy_port : port),
        };
        if (!stream->host || !stream->port) {
                stream_free(&stream->parent);
                git_error_set_oom();
                return -1;
        }
        silent = false;
        *ret = &stream->parent;
        return 0;
}

int stream_setup(uint64_t silence_usec, Problem *problem)
{
        git_stream_registration registration = { .version = GIT_STREAM_VERSION, .init = stream_new };

        assert(problem);

        silence = silence_usec;
        return git_stream_register(GIT_STREAM_STANDARD, &registration) < 0
                       ? problem_set_git(problem, PROBLEM_INTERNAL)
                       : 0;
}

int stream_connect_to_proxy(const Proxy *proxy, Problem *problem)
{
        assert(proxy && proxy->url);
        assert(problem);

        if (proxy->parts.tls)
                return problem_set(
                        problem, PROBLEM_REMOTE,
                        "a repository of http:// cannot be fetched through a proxy of https://: give the "
                        "repository as https://, or the proxy as http://");
        if (text_replace(&proxy_host, proxy->parts.host) < 0)
                return problem_out_of_memory(problem);
        (void) snprintf(proxy_port, sizeof(proxy_port), "%u", (unsigned) proxy->parts.port);
        return 0;
}

void stream_connect_directly(void)
{
        free(proxy_host);
        proxy_host = NULL;
}

bool stream_is_silent(void)
{
        return silent;
}

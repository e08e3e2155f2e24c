/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "git/stream.h"

#include <errno.h>
#include <git2.h>
#include <git2/sys/stream.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/text.h"

typedef struct Stream {
        git_stream parent; /* libgit2 takes the one for the other */
        int fd;
} Stream;

/* The proxy. libgit2 gives a stream nothing but the names of the server. */
static char *proxy_host;
static char proxy_port[sizeof("65535")];

static int stream_fail(const char *what, const char *error)
{
        _cleanup_free_ char *sentence = text_format("failed to %s %s: %s", what, proxy_host, error);

        git_error_set_str(GIT_ERROR_NET, text_or_empty(sentence));
        return -1;
}

static int stream_connect(git_stream *parent)
{
        static const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
        Stream *stream = (Stream *) parent;
        struct addrinfo *found, *address;
        int r;

        r = getaddrinfo(proxy_host, proxy_port, &hints, &found);
        if (r != 0)
                return stream_fail("resolve address for", gai_strerror(r));
        r = EADDRNOTAVAIL;
        for (address = found; address && stream->fd < 0; address = address->ai_next) {
                int fd = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC,
                                address->ai_protocol);

                if (fd >= 0 && connect(fd, address->ai_addr, address->ai_addrlen) == 0)
                        stream->fd = fd;
                else {
                        r = errno;
                        closep(&fd);
                }
        }
        freeaddrinfo(found);
        return stream->fd < 0 ? stream_fail("connect to", strerror(r)) : 0;
}

static ssize_t stream_read(git_stream *parent, void *data, size_t size)
{
        ssize_t n;

        do
                n = recv(((Stream *) parent)->fd, data, size, 0);
        while (n < 0 && errno == EINTR);
        return n < 0 ? stream_fail("read from", strerror(errno)) : n;
}

static ssize_t stream_write(git_stream *parent, const char *data, size_t size, int flags)
{
        ssize_t n;

        do
                n = send(((Stream *) parent)->fd, data, size, flags | MSG_NOSIGNAL);
        while (n < 0 && errno == EINTR);
        return n < 0 ? stream_fail("write to", strerror(errno)) : n;
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
        (void) stream_close(parent);
        free(parent);
}

static int stream_new(git_stream **ret, const char *host, const char *port)
{
        Stream *stream = calloc(1, sizeof(*stream));

        (void) host;
        (void) port;
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
        };
        *ret = &stream->parent;
        return 0;
}

int stream_connect_to_proxy(const Proxy *proxy, Problem *problem)
{
        git_stream_registration registration = { .version = GIT_STREAM_VERSION, .init = stream_new };

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
        return git_stream_register(GIT_STREAM_STANDARD, &registration) < 0
                       ? problem_set_git(problem, PROBLEM_INTERNAL)
                       : 0;
}

void stream_connect_directly(void)
{
        /* It is no error that nothing was registered. */
        (void) git_stream_register(GIT_STREAM_STANDARD, NULL);
}

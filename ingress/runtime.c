/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ingress/runtime.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/text.h"

#define READ_SIZE ((size_t) 16 * 1024)

struct RuntimeCall {
        int fd;
        int error;  /* of the connection attempt, told from the loop */
        char *line; /* the command with its newline */
        size_t sent;
        char *answer;
        size_t size, room;
        sd_event_source *io, *timer, *later;
        RuntimeDone done;
        void *userdata;
};

RuntimeCall *runtime_call_free(RuntimeCall *call)
{
        if (!call)
                return NULL;
        sd_event_source_disable_unref(call->io);
        sd_event_source_disable_unref(call->timer);
        sd_event_source_disable_unref(call->later);
        closep(&call->fd);
        free(call->line);
        free(call->answer);
        free(call);
        return NULL;
}
DEFINE_CLEANUP(RuntimeCall *, runtime_call_free);

/* The callback may not free the call, which is gone when it has returned; so it is taken apart before. */
static void runtime_finish(RuntimeCall *call, int error)
{
        _cleanup_free_ char *answer = TAKE_PTR(call->answer);
        RuntimeDone done = call->done;
        void *userdata = call->userdata;

        if (error >= 0 && strlen(answer) != call->size)
                error = -EBADMSG;
        runtime_call_free(call);
        done(userdata, error, error < 0 ? NULL : answer);
}

static int runtime_on_later(_unused_ sd_event_source *source, void *userdata)
{
        RuntimeCall *call = userdata;

        runtime_finish(call, call->error);
        return 0;
}

static int runtime_on_timeout(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
        runtime_finish(userdata, -ETIMEDOUT);
        return 0;
}

/* 1 while more may come, 0 at the end of the answer. */
static int read_more(RuntimeCall *call)
{
        ssize_t n;

        if (call->size + READ_SIZE + 1 > call->room) {
                size_t room = MAX2(call->room * 2, call->size + READ_SIZE + 1);
                char *grown;

                if (call->size > RUNTIME_ANSWER_MAX)
                        return -EFBIG;
                grown = realloc(call->answer, room);
                if (!grown)
                        return -ENOMEM;
                call->answer = grown;
                call->room = room;
        }
        n = read(call->fd, call->answer + call->size, READ_SIZE);
        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 1 : -errno;
        call->size += (size_t) n;
        call->answer[call->size] = '\0';
        return n > 0;
}

static int write_more(RuntimeCall *call)
{
        ssize_t n = send(call->fd, call->line + call->sent, strlen(call->line) - call->sent, MSG_NOSIGNAL);

        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        call->sent += (size_t) n;
        return call->line[call->sent] == '\0' ? sd_event_source_set_io_events(call->io, EPOLLIN) : 0;
}

static int runtime_on_io(_unused_ sd_event_source *source, _unused_ int fd, uint32_t events, void *userdata)
{
        RuntimeCall *call = userdata;
        int r;

        if (events & EPOLLOUT) {
                r = write_more(call);
                if (r < 0)
                        runtime_finish(call, r);
                return 0;
        }
        r = read_more(call);
        if (r <= 0)
                runtime_finish(call, r);
        return 0;
}

static int connect_to(RuntimeCall *call, const char *path)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        if (strlen(path) >= sizeof(address.sun_path))
                return -EINVAL;
        strcpy(address.sun_path, path);
        call->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (call->fd < 0)
                return -errno;
        /* A unix socket connects at once, or says EAGAIN when its backlog is full: that is an error as any
         * other. */
        return connect(call->fd, (struct sockaddr *) &address, sizeof(address)) < 0 ? -errno : 0;
}

int runtime_call(sd_event *event, const char *path, const char *command, RuntimeDone done, void *userdata,
                 RuntimeCall **ret)
{
        _cleanup_(runtime_call_freep) RuntimeCall *call = NULL;
        int r;

        assert(event);
        assert(path);
        assert(command && !strchr(command, '\n'));
        assert(done);
        assert(ret);

        call = calloc(1, sizeof(RuntimeCall));
        if (!call)
                return -ENOMEM;
        *call = (RuntimeCall){ .fd = -1, .done = done, .userdata = userdata };
        call->line = text_format("%s\n", command);
        call->answer = strdup("");
        if (!call->line || !call->answer)
                return -ENOMEM;
        call->error = connect_to(call, path);
        if (call->error < 0) {
                r = sd_event_add_defer(event, &call->later, runtime_on_later, call);
        } else {
                r = sd_event_add_io(event, &call->io, call->fd, EPOLLOUT, runtime_on_io, call);
                if (r >= 0)
                        r = sd_event_add_time_relative(event, &call->timer, CLOCK_MONOTONIC,
                                                       RUNTIME_TIMEOUT_USEC, 0, runtime_on_timeout, call);
        }
        if (r < 0)
                return r;
        *ret = TAKE_PTR(call);
        return 0;
}

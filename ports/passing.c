/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ports/passing.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"

typedef union Control {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(PASSING_MAX * sizeof(int))];
} Control;

int passing_send(int socket, const Passing *passing, const void *data, size_t size, int flags)
{
        /* sendmsg(2) writes to none of them. */
        struct iovec vector = { .iov_base = (void *) (uintptr_t) data, .iov_len = size };
        Control control = {};
        struct msghdr message = {
                .msg_iov = &vector,
                .msg_iovlen = 1,
                .msg_control = control.bytes,
                .msg_controllen = CMSG_SPACE(passing->n * sizeof(int)),
        };
        ssize_t n;

        assert(size > 0);
        assert(passing->n > 0 && passing->n <= PASSING_MAX);

        control.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(passing->n * sizeof(int)),
                                           .cmsg_level = SOL_SOCKET,
                                           .cmsg_type = SCM_RIGHTS };
        memcpy(CMSG_DATA(&control.header), passing->fds, passing->n * sizeof(int));
        do
                n = sendmsg(socket, &message, flags | MSG_NOSIGNAL);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return -errno;
        return (size_t) n == size ? 0 : -EMSGSIZE;
}

ssize_t passing_receive(int socket, Passing *ret, void *data, size_t size, int flags)
{
        struct iovec vector = { .iov_base = data, .iov_len = size };
        Control control = {};
        struct msghdr message = {
                .msg_iov = &vector,
                .msg_iovlen = 1,
                .msg_control = control.bytes,
                .msg_controllen = sizeof(control.bytes),
        };
        ssize_t n;

        ret->n = 0;
        do
                n = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return -errno;
        for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header;
             header = CMSG_NXTHDR(&message, header)) {
                size_t room = header->cmsg_len - CMSG_LEN(0);

                if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
                        continue;
                memcpy(ret->fds + ret->n, CMSG_DATA(header), room);
                ret->n += room / sizeof(int);
        }
        return message.msg_flags & MSG_CTRUNC ? -EBADMSG : n;
}

void passing_clear(Passing *passing)
{
        for (size_t i = 0; i < passing->n; i++)
                (void) close(passing->fds[i]);
        passing->n = 0;
}

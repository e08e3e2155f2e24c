/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ports/local-socket.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/cleanup.h"

static int set_patience(int fd)
{
        struct timeval patience = { .tv_sec = LOCAL_SOCKET_PATIENCE_SEC };

        return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
                               setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0
                       ? -errno
                       : 0;
}

/* A socket and the address of `path`. */
static int local_socket_prepare(const char *path, struct sockaddr_un *address, int *ret)
{
        *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
        if (strlen(path) >= sizeof(address->sun_path))
                return -ENAMETOOLONG;
        strcpy(address->sun_path, path);
        *ret = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        return *ret < 0 ? -errno : 0;
}

int local_socket_connect(const char *path, int *ret)
{
        _cleanup_close_ int fd = -1;
        struct sockaddr_un address;
        int r = local_socket_prepare(path, &address, &fd);

        if (r >= 0)
                r = set_patience(fd);
        if (r < 0)
                return r;
        if (connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                return -errno;
        *ret = TAKE_FD(fd);
        return 0;
}

int local_socket_listen(const char *path, int *ret)
{
        _cleanup_close_ int fd = -1;
        struct sockaddr_un address;
        int r = local_socket_prepare(path, &address, &fd);

        if (r < 0)
                return r;
        if (unlink(path) < 0 && errno != ENOENT)
                return -errno;
        if (bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0 || listen(fd, 1) < 0)
                return -errno;
        *ret = TAKE_FD(fd);
        return 0;
}

int local_socket_accept(int fd, int patience_msec, int *ret)
{
        struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
        _cleanup_close_ int connection = -1;
        int r = poll(&poll_fd, 1, patience_msec);

        if (r <= 0)
                return r < 0 ? -errno : -ETIMEDOUT;
        connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
        if (connection < 0)
                return -errno;
        r = set_patience(connection);
        if (r >= 0)
                *ret = TAKE_FD(connection);
        return r;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Stream sockets at a path, on which each call waits for some seconds at most. */

/* How long one call on such a socket waits. */
#define LOCAL_SOCKET_PATIENCE_SEC 10

/* A connection to who listens at `path`. 0 or -errno. */
int local_socket_connect(const char *path, int *ret);

/* Listens at `path`, for one connection; what is there is removed. 0 or -errno. */
int local_socket_listen(const char *path, int *ret);

/* Waits for a connection, for `patience_msec` at most. 0; -ETIMEDOUT; other -errno. */
int local_socket_accept(int fd, int patience_msec, int *ret);

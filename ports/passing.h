/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Descriptors in a message of a unix socket (unix(7), SCM_RIGHTS). */

#include "base/macro.h"

/* In one message: as many as haproxy sends, and takes (its MAX_SEND_FD). */
#define PASSING_MAX ((size_t) 252)

typedef struct Passing {
        int fds[PASSING_MAX];
        size_t n;
} Passing;

/* Sends `size` bytes, at least one, with the descriptors. 0 or -errno. */
int passing_send(int socket, const Passing *passing, const void *data, size_t size, int flags);

/* Receives a message of at most `size` bytes; the descriptors are the caller's, also after an error, and are
 * closed when another program is executed. The number of bytes, 0 at the end; -EBADMSG if it had more
 * descriptors than fit; other -errno. `flags` as those of recvmsg(2). */
ssize_t passing_receive(int socket, Passing *ret, void *data, size_t size, int flags);

/* Closes all of them. */
void passing_clear(Passing *passing);

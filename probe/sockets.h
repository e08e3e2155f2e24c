/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The kernel's TCP sockets, one after the other. */

#include <linux/inet_diag.h>

#include "base/macro.h"

typedef struct Socket {
        const struct inet_diag_msg *message;
        uint64_t cgroup_id;
        bool v6only;
} Socket;

/* Makes an inherited socket of NETLINK_SOCK_DIAG (sock_diag(7)) ready to ask the kernel with: drops what is
 * left of answers to its previous owner. 0 or -errno. */
int sockets_adopt(int fd);

/* Calls `each` for every socket that listens on `port` (0 = any). They are those of the network namespace
 * of `fd`, their owners as the user namespace of the process that opened `fd` knows them. The answer is
 * there at once, nothing is waited for. 0; -EOPNOTSUPP if this kernel does not say the control group of
 * sockets; other -errno of `fd`, -EBADMSG for an answer that is none. */
typedef void (*SocketSeen)(void *userdata, const Socket *seen);
int sockets_each(int fd, uint16_t port, SocketSeen each, void *userdata);

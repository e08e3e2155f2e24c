/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* What listens on a TCP port of the loopback addresses. */
typedef enum ListenerSight {
        LISTENER_NONE = 0, /* nobody, or the control group only where 127.0.0.1 does not reach it */
        LISTENER_OWN = 1,  /* the control group takes connections to 127.0.0.1, and nobody else to either */
        LISTENER_FOREIGN = 2, /* a socket of another control group takes connections to 127.0.0.1 or [::1] */
} ListenerSight;

/* A socket to ask the kernel with (sock_diag(7)); needs AF_NETLINK but no capability. Descriptor or -errno.
 */
int listener_open(void);

/* Looks once; the answer is there at once, nothing is waited for. The sockets seen are those of the network
 * namespace of `fd`, the user is as the user namespace of `fd` knows it. A ListenerSight with the owner of
 * the foreign socket in *ret_uid; -EOPNOTSUPP if this kernel does not say the control group of sockets;
 * other -errno of the socket, -EBADMSG for an answer that is none. */
int listener_look(int fd, uint16_t port, uint64_t cgroup_id, uid_t *ret_uid);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* What listens on a TCP port of the loopback addresses. */
typedef enum ListenerSight {
        LISTENER_NONE = 0, /* nobody, or the control group only where 127.0.0.1 does not reach it */
        LISTENER_OWN = 1,  /* the control group takes connections to 127.0.0.1, and nobody else to either */
        LISTENER_FOREIGN = 2, /* a socket of another control group takes connections to 127.0.0.1 or [::1] */
} ListenerSight;

/* Makes an inherited socket of NETLINK_SOCK_DIAG (sock_diag(7)) ready to ask the kernel with: drops what is
 * left of answers to whoever had it before. 0 or -errno. */
int listener_adopt(int fd);

/* Looks once; the answer is there at once, nothing is waited for. The sockets seen are those of the network
 * namespace of `fd`, the user is as the user namespace of whoever opened `fd` knows it. A ListenerSight with
 * the owner of the foreign socket in *ret_uid; -EOPNOTSUPP if this kernel does not say the control group of
 * sockets; other -errno of the socket, -EBADMSG for an answer that is none. */
int listener_look(int fd, uint16_t port, uint64_t cgroup_id, uid_t *ret_uid);

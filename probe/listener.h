/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* What listens on a TCP port of the loopback addresses. */
typedef enum ListenerSight {
        LISTENER_NONE = 0, /* nobody, or the control group only where 127.0.0.1 does not reach it */
        LISTENER_OWN = 1,  /* the control group takes connections to 127.0.0.1, and nobody else to either */
        LISTENER_FOREIGN = 2, /* a socket of another control group takes connections to 127.0.0.1 or [::1] */
} ListenerSight;

/* Who has a socket. */
typedef struct Holder {
        uid_t uid;
        uint64_t cgroup_id;
} Holder;

/* Looks once at who listens on a port. A ListenerSight with the owner of the foreign socket in *ret_foreign;
 * errors as sockets_each(). */
int listener_look(int fd, uint16_t port, uint64_t cgroup_id, Holder *ret_foreign);

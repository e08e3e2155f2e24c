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

/* The addresses of ListenerText; what has more listens at others as well. */
#define LISTENER_ADDRESSES_MAX 4
/* An address of IPv6 in brackets, its port, what stands between two of them. */
#define LISTENER_ADDRESS_SIZE sizeof("[0000:0000:0000:0000:0000:ffff:255.255.255.255]:65535, ")
#define LISTENER_TEXT_SIZE    (LISTENER_ADDRESSES_MAX * LISTENER_ADDRESS_SIZE + sizeof("and others"))

/* Where the control group listens, whatever the port: 1 with a text of LISTENER_TEXT_SIZE such as
 * "[::1]:20000, 127.0.0.1:3000"; 0 if nowhere, or if it takes connections to 127.0.0.1 on `port`. Errors as
 * sockets_each(). */
int listener_elsewhere(int fd, uint16_t port, uint64_t cgroup_id, char *text);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where a `bind` line of haproxy wants to listen. */

#include <netinet/in.h>
#include <stdio.h>

#include "base/macro.h"

typedef struct Endpoint {
        union {
                struct sockaddr any;
                struct sockaddr_in ipv4;
                struct sockaddr_in6 ipv6;
        } address;
        bool v4v6; /* of `::`: IPv4 too */
} Endpoint;

/* "[::]:65535 v6only" */
typedef char EndpointText[INET6_ADDRSTRLEN + sizeof("[]:65535 v6only")];

/* Reads `127.0.0.1:30000`, `[::1]:30000`, `*:30000`, `:::30000 v4v6`: what follows `bind` in the line.
 * `rest` (may be NULL) is set to what follows the address, with its blank. 0; -EINVAL for anything else: a
 * unix socket, a range of ports, a name. */
int endpoint_parse(const char *text, Endpoint *ret, const char **rest);

/* Where the socket `fd` listens; -EINVAL if it is no TCP socket that listens, other -errno. */
int endpoint_of_listener(int fd, Endpoint *ret);

/* An order of addresses and ports, as qsort(3) has it. Whether `::` takes IPv4 too is not looked at: only
 * one of the two can be bound. */
int endpoint_compare(const Endpoint *one, const Endpoint *other);

uint16_t endpoint_port(const Endpoint *endpoint);
bool endpoint_is_wildcard(const Endpoint *endpoint);

/* The address as it is shown: `127.0.0.1`, `[::1]`, `*`, `[::]`. Returns `buffer`. */
const char *endpoint_address(const Endpoint *endpoint, EndpointText buffer);

/* Asks the kernel what haproxy asks it: may a socket of this user be bound there? haproxy's own listeners
 * are not in the way, as they are not in the way of its own reload (SO_REUSEPORT, and the same user). The
 * socket never listens, or it would be given connections of the haproxy that runs. 0 if it can be bound, or
 * if that cannot be known now; -EADDRINUSE, -EADDRNOTAVAIL, -EACCES, -EAFNOSUPPORT. */
int endpoint_ask(const Endpoint *endpoint);

/* The same, and the socket that was bound, for the caller to close: until then nobody of another user can
 * take the address. `ret` is -1 on errors, and if it cannot be known now. */
int endpoint_hold(const Endpoint *endpoint, int *ret);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A set of listening TCP sockets, by their addresses. */

#include "base/cleanup.h"
#include "ports/endpoint.h"
#include "ports/passing.h"

typedef struct KeptSocket {
        Endpoint endpoint;
        int fd; /* -1 = an address only */
} KeptSocket;

/* Owns the descriptors. */
typedef struct Kept {
        KeptSocket *sockets;
        size_t n, room;
} Kept;

/* Adds an address without a socket. 0 or -ENOMEM. */
int kept_add_endpoint(Kept *kept, const Endpoint *endpoint);

/* Adds the descriptors of a message, which are taken: those that are no TCP sockets that listen are closed.
 * 0 or -ENOMEM. */
int kept_add_passing(Kept *kept, Passing *passing);

/* The sockets from number `from` on, as many as a message takes; they stay those of `kept`. */
Passing kept_passing(const Kept *kept, size_t from);

/* Into the order of the addresses; of two at the same one, one is left. */
void kept_sort(Kept *kept);

/* Closes those at addresses that `wanted` does not have. Both are sorted. */
void kept_limit(Kept *kept, const Kept *wanted);

/* Whether both have the same addresses. Both are sorted. */
bool kept_is_same(const Kept *one, const Kept *other);

void kept_clear(Kept *kept);
#define _cleanup_kept_ _cleanup_(kept_clear)

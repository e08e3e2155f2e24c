/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The servers that haproxy has, and the commands that make them what the model says. */

#include <stdio.h>

#include "daemon/model/deployment.h"

/* Reads the answer of `show servers state` and sets Instance.routed of every instance in the model. What
 * haproxy has and the model does not know is a stray: it is written to `strays` as commands that remove it.
 * 0, -EBADMSG if it is not understood. */
int servers_read(Model *model, const char *answer, FILE *strays);

/* Whether the backend `name` is in the answer of `show backend`. */
bool servers_has_backend(const char *answer, const char *name);

/* The commands, separated by `;`, that lead from routed to route: those that let requests in come first and
 * are sent apart, so that there is never a moment without a server. `now` is CLOCK_MONOTONIC. Each returns
 * how many instances it is about. */
unsigned servers_write_opening(const Model *model, FILE *commands);
unsigned servers_write_closing(const Model *model, uint64_t now, FILE *commands);

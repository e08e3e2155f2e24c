/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The servers that haproxy has, and the commands that make them what the model says. */

#include <stdio.h>

#include "daemon/model/deployment.h"

/* Reads the answer of `show servers state` and sets Instance.routed of every instance in the model. What
 * haproxy has and the model does not know is a stray: it is written to `strays` as commands that remove it.
 * App.held is set for every app, by its PLAN_HOLD. 0, -EBADMSG if it is not understood. */
int servers_read(Model *model, const char *answer, FILE *strays);

/* haproxy has no servers: it does not run. An app that it does not have would be as it should be. */
void servers_forget(const Model *model);

/* Whether the backend `name` is in the answer of `show backend`. */
bool servers_has_backend(const char *answer, const char *name);

/* The commands, separated by `;`, that lead from routed to route: those that let requests in come first and
 * are sent apart, so that there is never a moment without a server. `now` is CLOCK_MONOTONIC. Each returns
 * how many instances it is about. */
/* The command that lets no new request to the instance. */
void servers_write_shut(const Instance *instance, FILE *commands);

unsigned servers_write_opening(const Model *model, FILE *commands);
unsigned servers_write_closing(const Model *model, uint64_t now, FILE *commands);

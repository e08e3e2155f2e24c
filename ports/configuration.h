/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The files of the configuration: the one that deployd asks for, the one that haproxy loads, the list of
 * what is left out. */

#include "ports/kept.h"

/* Reads the configuration at `from` (it may not be there yet), and writes the one that haproxy can load to
 * `to`, and what it has left out to `list`, as filter.h says. Each is replaced whole, the list first. It may
 * run while haproxy does. Logs who is in the way. 0 or -errno. */
int configuration_filter(const char *from, const char *to, const char *list);

/* The addresses of the `bind` lines in the configuration at `path`, sorted. 0 or -errno. */
int configuration_addresses(const char *path, Kept *ret);

/* Takes these addresses, with sockets that do not listen: between the look of configuration_filter() and
 * haproxy's bind nobody else can. It matters: a haproxy that cannot bind one address stops those that it is
 * about to follow. 0 or -errno, as endpoint_ask() has it: somebody was faster, so haproxy must not be asked.
 */
int configuration_hold(const char *path, Kept *ret);

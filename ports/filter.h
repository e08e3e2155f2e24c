/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* From the configuration that deployd asks for to the one that haproxy can load. */

#include <stdio.h>

#include "ports/endpoint.h"

/* Of an address: endpoint_ask(), but in tests; or what filter_each_bind() is for. */
typedef int (*FilterAsk)(void *userdata, const Endpoint *endpoint);

/* Has `each` see the address of each `bind` line in `text`, but of those that are no address and port. 0, or
 * the first negative answer. */
int filter_each_bind(const char *text, FilterAsk each, void *userdata);

/* Copies `text`, the lines of haproxy's configuration, to `config`, and writes what it leaves out to `list`
 * (left-out.h):
 *
 * - A `bind` line of a frontend whose address cannot be bound. If that is every address of a family, and
 *   somebody else has the port on one of them, the frontend gets the loopback address of the family
 *   instead: apps on this machine, and proxies, still reach it. `:::P v4v6` counts as its two families.
 * - A frontend with `bind` lines of which none is left, or that somebody else answers for at 127.0.0.1,
 * where its URL leads; and the backend of the same name.
 *
 * Everything else is copied as it is. At the end comes an empty backend, the left_out_tag() of the list. 0;
 * -ENOMEM; -EIO if it could not be written. */
int filter_apply(const char *text, FilterAsk ask, void *userdata, FILE *config, FILE *list);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A ticket is the small file through which the daemon and one of its helper units talk: the daemon writes a
 * request, passes the file read-write as a descriptor, and the helper appends its answer. So no text from
 * outside becomes a unit property, and the answer outlives both.
 *
 *      url=https://example.com/shop.git
 *      revision=main
 *                                      <- an empty line ends a section
 *      commit=1f0c…
 *
 * Each section is lines of `key=value`, keys `[a-z][A-Za-z0-9._-]*`, values clean UTF-8 (text_is_clean()),
 * no key twice; an empty line ends it, so that a half-written section is not taken for a whole one. */

#include "base/cleanup.h"

typedef struct Ticket Ticket;

enum {
        TICKET_REQUEST = 0,
        TICKET_ANSWER = 1,
};

Ticket *ticket_new(void);
Ticket *ticket_free(Ticket *ticket);
DEFINE_CLEANUP(Ticket *, ticket_free);

/* Adds `key=value`. 0; -EINVAL if key or value is not of the form above or the key is there already;
 * -ENOMEM. */
int ticket_set(Ticket *ticket, const char *key, const char *value);
int ticket_set_u64(Ticket *ticket, const char *key, uint64_t value);
/* Adds the values as `name.1`, `name.2` and so on. 0; else as ticket_set(), with some of them added. */
int ticket_set_list(Ticket *ticket, const char *name, char *const *values, size_t n);

/* A line of ticket_make(): a text or a number. */
typedef struct TicketLine {
        const char *key, *text;
        const uint64_t *number;
} TicketLine;

/* A ticket of these lines, up to an all-zero one. 0; -ENOMEM; -EINVAL as ticket_set(). */
int ticket_make(const TicketLine *lines, Ticket **ret);

/* The value, owned by the ticket; NULL if there is none. */
const char *ticket_get(const Ticket *ticket, const char *key);

/* The value as a number up to `max`. 0, -ENOENT, -EINVAL, -ERANGE. */
int ticket_get_u64(const Ticket *ticket, const char *key, uint64_t max, uint64_t *ret);

/* Calls `each` for every line whose key begins with `prefix`; a negative result ends the walk and is
 * returned. */
int ticket_foreach(const Ticket *ticket, const char *prefix,
                   int (*each)(const char *key, const char *value, void *userdata), void *userdata);

/* Appends the ticket as one section to `fd`. 0 or -errno. */
int ticket_write(const Ticket *ticket, int fd);

/* Reads section `which` of the file (from its start; the descriptor's offset is neither used nor moved). 0;
 * -ENODATA if that section is not there whole; -EFBIG if the file is over 64 KiB; -EBADMSG if it is
 * malformed; other -errno. */
int ticket_read(int fd, unsigned which, Ticket **ret);

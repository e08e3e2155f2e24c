/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who holds which ports, at whatever address. `fd` and errors as those of sockets_each(). */

#include "probe/listener.h"

/* A socket on `port` of another user than `uid`. 1 with who has it, 0 if there is none. */
int survey_holder(int fd, uint16_t port, uint64_t uid, Holder *ret);

/* Which of the ports from `from` on somebody holds, as hexadecimal digits of four ports each, the lowest
 * port first in the highest bit; `text` has room for `n_digits` and a NUL. 0. */
int survey_busy(int fd, uint16_t from, char *text, size_t n_digits);

/* Of the control groups with an id above `after` that hold more than `max` ports, that with the lowest id.
 * So many ports with the id in *ret, 0 if there is none. */
int survey_crowd(int fd, unsigned max, uint64_t after, uint64_t *ret);

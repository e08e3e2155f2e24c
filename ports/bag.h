/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Any number of sockets in one descriptor: a unix socket in whose queue they are, for nobody to receive. As
 * long as somebody has the bag, its sockets listen. */

#include "ports/kept.h"

/* Packs all of `kept`, which keeps its own. 0; -EAGAIN if there are more than a queue holds (some 50
 * thousand); other -errno. */
int bag_pack(const Kept *kept, int *ret);

/* Adds what is in the bag to `kept`, sorted; it stays in the bag. 0; -EBADMSG for what is no bag; other
 * -errno. */
int bag_look(int bag, Kept *kept);

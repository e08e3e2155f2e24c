/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What PID 1 keeps for the unit of this process (FileDescriptorStoreMax= in systemd.service(5)): a bag
 * (bag.h) of the listening sockets. It is not one descriptor for each socket, for PID 1 compares a new one
 * with all that it has: with 6000, that is 18 million system calls. */

#include "ports/kept.h"

/* Adds the sockets that PID 1 has handed to this process when it started it, sorted; none if it had none. 0,
 * or -errno with those that were found. */
int store_look(Kept *kept);

/* Has PID 1 keep these, and nothing else, from now on; this process keeps its own. Returns when PID 1 has
 * done so. Only the main process and commands of the unit may ask (NotifyAccess=exec). 0; -EUNATCH if this
 * is no process of a unit; -ETIMEDOUT; other -errno. */
int store_replace(const Kept *kept);

/* Has PID 1 close what it keeps. Errors as above. */
int store_clear(void);

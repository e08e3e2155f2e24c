/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The main process of haproxy, which does what signals say. A process id is given as its digits. */

/* Has it load its configuration again, and waits until it has tried; it answers at `socket`. 0; -ETIMEDOUT;
 * -EINVAL for what is no process id; other -errno. */
int master_reload(const char *pid, const char *socket);

/* Has it end when the requests under way have, and waits for that, `seconds` at most. NULL is no process,
 * and so is one that has ended. 0; -EINVAL for what is no number; other -errno. */
int master_finish(const char *seconds, const char *pid);

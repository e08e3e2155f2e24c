/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Has PID 1 keep the sockets of the haproxy that answers at `socket`. Before, it waits until these are at
 * the addresses of `configuration`, which a reload takes some time for; if they never are, it takes what
 * there is. 0 or -errno. */
int keep(const char *socket, const char *configuration);

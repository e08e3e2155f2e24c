/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How one haproxy gets the listening sockets of another, over a connected unix stream socket (haproxy 2.6:
 * _getsocks() in src/cli.c, sock_get_old_sockets() in src/sock.c; numbers are ints of the machine):
 *
 *      > "_getsocks\n"
 *      < how many there are
 *      < PASSING_MAX of them, and for each a namespace and an interface, as a length (one byte) and a text,
 *        and a number that is not used any more
 *      > how many have come before; then the next ones
 *
 * A limit of time is that of the socket (SO_RCVTIMEO, SO_SNDTIMEO). */

#include "ports/kept.h"

/* Asks haproxy for its sockets and adds those of TCP to `kept`, sorted. 0; -ECONNRESET if haproxy hangs up,
 * which it does to who may not ask; -EBADMSG for what is no such answer; other -errno. */
int handover_ask(int socket, Kept *kept);

/* Waits for the question and answers with the sockets of `kept`, of which there is one at least. Returns
 * when haproxy has them all. 0; -EBADMSG for another question; -ECONNRESET; other -errno. */
int handover_answer(int socket, const Kept *kept);

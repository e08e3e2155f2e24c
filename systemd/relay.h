/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Stands between a program and the journal. The program gets pipes as standard output and error, as it would
 * in a container: /dev/stdout and /dev/stderr can be opened, which they cannot if they are sockets. And the
 * relay bounds what goes to the journal, by bytes: journald's own limit counts lines, of which one can have
 * 48 KiB. */

#include <stdint.h>

/* Starts a relay, and makes its pipes standard output and error of this process; one pipe, if both were the
 * same before, so that lines keep their order. The relay is no child of this process, takes no signal, and
 * ends when nobody has the other end of its pipes any more. In a minute it passes on at most
 * `max_per_minute` bytes, LOG_LINE_COST for each line among them; of more, the last lines when the minute is
 * over or the program has ended, and a line in place of those that are missing. 0; -errno, and then output
 * goes where it went. */
int relay_start(uint64_t max_per_minute);

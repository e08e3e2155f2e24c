/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How libgit2 connects to what it names over http, https and git. Unlike its own stream, ours gives up when
 * nothing comes for a while. */

#include <inttypes.h>

#include "git/proxy.h"

/* From now on, nothing is waited for longer than `silence_usec`. 0, or a negative errno with *problem set.
 */
int stream_setup(uint64_t silence_usec, Problem *problem);

/* From now on, what libgit2 connects to without TLS is the proxy, whichever host it names. For repositories
 * of http only: libgit2 1.5 writes the request for the proxy, and would send it to the server. 0, or a
 * negative errno with *problem set. */
int stream_connect_to_proxy(const Proxy *proxy, Problem *problem);

/* From now on, libgit2 connects to what it names again. */
void stream_connect_directly(void);

/* Of so many seconds. */
#define STREAM_SILENCE \
        "the server has sent nothing for %" PRIu64 " s (fetch-stall-timeout of [runner] in deploy.conf)"

/* Whether the last connection was given up because nothing came. */
bool stream_is_silent(void);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "git/proxy.h"

/* From now on, what libgit2 connects to without TLS is the proxy, whichever host it names. For repositories
 * of http only: libgit2 1.5 writes the request for the proxy, and would send it to the server. 0, or a
 * negative errno with *problem set. */
int stream_connect_to_proxy(const Proxy *proxy, Problem *problem);

/* From now on, libgit2 connects to what it names again. */
void stream_connect_directly(void);

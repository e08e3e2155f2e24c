/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "git/credential.h"
#include "git/mirror.h"
#include "git/proxy.h"
#include "git/url.h"

/* How a server is reached. */
typedef struct RemoteAccess {
        const Credential *credential; /* NULL = a submodule, which has none */
        uint64_t silence_usec;        /* so long it may send nothing */
} RemoteAccess;

/* Brings the mirror up to date: all branches and tags, what is gone there is removed here, HEAD follows the
 * remote's HEAD. No submodules, LFS, filters or hooks; redirects to another host are not followed. `proxy`
 * is asked if it has a URL, nobody if not. Aborts when more than `max_bytes` arrive. 0, or a negative errno
 * with *problem set: PROBLEM_MIRROR if another mirror may help. */
int remote_fetch(Mirror *mirror, const Url *url, const Proxy *proxy, const RemoteAccess *access,
                 uint64_t max_bytes, Problem *problem);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "git/mirror.h"
#include "git/proxy.h"
#include "git/url.h"

/* Brings the mirror up to date: all branches and tags, what is gone there is removed here, HEAD follows the
 * remote's HEAD. No submodules, LFS, filters or hooks; redirects to another host are not followed. `proxy`
 * is asked if it has a URL, nobody if not. Aborts when more than `max_bytes` arrive. 0, or a negative errno
 * with *problem set: PROBLEM_MIRROR if another mirror may help. */
int remote_fetch(Mirror *mirror, const Url *url, const Proxy *proxy, uint64_t max_bytes, Problem *problem);

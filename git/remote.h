/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "git/mirror.h"
#include "git/url.h"

/* Brings the mirror up to date: all branches and tags, what is gone there is removed here, HEAD follows the
 * remote's HEAD. No submodules, LFS, filters or hooks; redirects to another host are not followed. Aborts
 * when more than `max_bytes` arrive. 0, or a negative errno with *problem set: PROBLEM_MIRROR if a mirror
 * made anew may help. */
int remote_fetch(Mirror *mirror, const Url *url, uint64_t max_bytes, Problem *problem);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where the links of a file lead, and what of that a unit has to be shown because its sandbox hides it:
 * /etc/resolv.conf is often a link to what another program writes below /run. */

#include "systemd/sandbox.h"

/* What libc and the libraries for TLS read by fixed names, up to a NULL. Which files these lead to, each
 * machine decides. */
extern const char *const follow_files[];

/* `source` is to be shown at `target`; absolute paths that a unit property may have. */
typedef struct FollowBind {
        char *source, *target;
} FollowBind;

typedef struct Follow {
        FollowBind *binds;
        size_t n_binds;
        char *place; /* of the last file that was followed: where that ended */
} Follow;

/* What a unit cannot see, and what it can: lists of absolute paths up to a NULL. */
typedef struct FollowView {
        const char *hidden[6]; /* directories that are empty for it */
        const char *shown[12]; /* what is there nevertheless */
} FollowView;

/* The view of units with that sandbox, which hides a part of the machine. */
FollowView follow_view(const Sandbox *sandbox);

/* Follows `path` link by link, and adds to *follow what a unit with that view needs to read it. That is the
 * directory that the next link or the file is in, so that the unit sees it replaced. A directory that is
 * hidden as such, or that has something else of `shown` in it, belongs to others too: then the unit is shown
 * nothing but the file.
 *
 * 0: all of it can be shown. -ENOENT: the file is not there; its directory is shown as soon as it is.
 * -ELOOP: it has more links than the kernel follows. -EACCES: deployd may not look there, as in a home.
 * -EINVAL: it leads to where a unit can be shown nothing. Other -errno of lstat(2). `place` says where; what
 * was added until then is of use. -ENOMEM: nothing is. */
int follow(const char *path, const FollowView *view, Follow *follow);

/* For a unit that sees nothing of the machine: adds the file where `path` leads now, to be shown at `path`
 * itself. 0; -EINVAL: it leads to where a unit can be shown nothing; -ENOMEM; other -errno of realpath(3).
 */
int follow_to_end(const char *path, Follow *follow);

void follow_done(Follow *follow);
#define _cleanup_follow_ __attribute__((cleanup(follow_done)))

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where a repository may be fetched from. The daemon checks what people enter; the program that opens the
 * connection checks again. */

#include "git/problem.h"

typedef struct Url {
        char *address;  /* what libgit2 is given: a URL, user@host:path, or a path without symlinks */
        char *password; /* as it stands in the address, decoded; NULL = none */
        char *host;     /* of http and https, without a port; NULL = it is neither */
        bool local, tls;
} Url;

/* Takes `text` apart. `schemes` is what may go over the network, a list such as "https ssh" (of http, https,
 * ssh, git); `local_paths` is the list of directories below which local repositories may be, both separated
 * by blanks. Local are file:///path and /path. 0 with *ret filled, or a negative errno with *problem set;
 * the problem never repeats the address. Release *ret with url_done() in either case. */
int url_parse(const char *text, const char *schemes, const char *local_paths, Url *ret, Problem *problem);

void url_done(Url *url);

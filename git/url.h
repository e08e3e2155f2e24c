/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where a repository may be fetched from. The daemon checks what people enter; the program that opens the
 * connection checks again. */

#include "git/problem.h"

typedef struct Url {
        char *address;  /* what libgit2 is given: a URL without a password, or a path without symlinks */
        char *password; /* as it stood in the address, decoded; NULL = none */
        char *user;     /* NULL = none */
        char *host;     /* without a port; NULL = it is local */
        char *port;     /* "" = the usual one */
        char *path;     /* of ssh, decoded: what the server is asked for */
        bool local, tls, http, ssh; /* `http` with or without TLS */
} Url;

/* Takes `text` apart, also user@host:path. `schemes` is what may go over the network, a list such as "https
 * ssh" (of http, https, ssh, git); `local_paths` is the list of directories below which local repositories
 * may be, both separated by blanks. Local are file:///path and /path. 0 with *ret filled, or a negative
 * errno with *problem set; the problem never repeats the address. Release *ret with url_done() in either
 * case. */
int url_parse(const char *text, const char *schemes, const char *local_paths, Url *ret, Problem *problem);

void url_done(Url *url);

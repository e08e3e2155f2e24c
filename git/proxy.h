/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/proxy-url.h"
#include "git/url.h"

/* The proxy that a repository is fetched through. */
typedef struct Proxy {
        char *url; /* for libgit2, with its login; NULL = none */
        ProxyUrl parts;
        char *description; /* `the proxy HOST:PORT (proxy of [git] in deploy.conf)` */
} Proxy;

/* Which proxy the repository `url` is fetched through, if it is one of https or http: `setting`, or if that
 * is empty, the first of these variables that is set: https_proxy, HTTPS_PROXY, all_proxy, ALL_PROXY; for
 * http http_proxy, HTTP_PROXY and the last two. None if a pattern of `exceptions`, separated by blanks,
 * stands for the host (base/proxy-url.h); of a proxy that a variable names, no_proxy or NO_PROXY too, by
 * commas or blanks. 0 with *ret filled, also if there is none; or a negative errno with *problem set. From
 * then on the problem hides the password and says that the proxy was asked. Release with proxy_done() in
 * either case. */
int proxy_choose(const Url *url, const char *setting, const char *exceptions, Proxy *ret, Problem *problem);

void proxy_done(Proxy *proxy);

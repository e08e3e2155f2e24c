/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The addresses of HTTP proxies, and for which hosts one is used. */

#include "base/macro.h"

typedef struct ProxyUrl {
        char *address;  /* HOST or HOST:PORT as written: what may be shown */
        char *host;     /* without brackets */
        uint16_t port;  /* as written, or that of the scheme */
        bool tls;       /* https */
        char *password; /* decoded; NULL = none */
} ProxyUrl;

/* Takes `text` apart: http://HOST or https://HOST, with USER@ or USER:PASSWORD@ before and :PORT behind the
 * host, which is a name, an IPv4 address or an IPv6 address in brackets; at its end a slash or nothing. 0;
 * -EINVAL if it is not of that form, -ENOMEM. Release with proxy_url_done() in either case. */
int proxy_url_parse(const char *text, ProxyUrl *ret);
void proxy_url_done(ProxyUrl *url);
#define _cleanup_proxy_url_ __attribute__((cleanup(proxy_url_done)))

/* What of the hosts a pattern stands for: NAME or .NAME or *.NAME for that host and all below it, an IP
 * address, a network ADDRESS/BITS, or * for all. */
bool proxy_pattern_is_valid(const char *pattern);

/* Whether `host`, a name or an IP address, in brackets or not, is one that `pattern` stands for. Names are
 * compared as DNS does; they are not looked up, so a network has only hosts that are written as addresses.
 */
bool proxy_pattern_matches(const char *pattern, const char *host);

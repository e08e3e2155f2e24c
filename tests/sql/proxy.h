/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A socket beside a server's, in the same loop, that can lose an answer: the only way to make a commit whose
 * outcome the client does not know. */

#include <systemd/sd-event.h>

typedef struct Proxy {
        sd_event *event;
        char directory[80]; /* of its socket, for host= */
        char server[100];
        int listener, client, upstream;
        unsigned swallow; /* so many answers from now on are dropped, the connection with them */
        unsigned swallowed;
        sd_event_source *on_listener, *on_client, *on_upstream;
} Proxy;

void proxy_start(Proxy *proxy, sd_event *event, const char *server_directory);
void proxy_stop(Proxy *proxy);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "proxy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/macro.h"

#define SOCKET "/.s.PGSQL.5432"

static void check(int result, const char *what)
{
        if (result < 0) {
                perror(what);
                abort();
        }
}

static struct sockaddr_un address_of(const char *path)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        (void) snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
        return address;
}

static void hang_up(Proxy *proxy)
{
        proxy->on_client = sd_event_source_disable_unref(proxy->on_client);
        proxy->on_upstream = sd_event_source_disable_unref(proxy->on_upstream);
        if (proxy->client >= 0)
                (void) close(proxy->client);
        if (proxy->upstream >= 0)
                (void) close(proxy->upstream);
        proxy->client = proxy->upstream = -1;
}

static int on_data(sd_event_source *source _unused_, int fd, uint32_t events _unused_, void *userdata)
{
        Proxy *proxy = userdata;
        char buffer[65536];
        ssize_t n = read(fd, buffer, sizeof(buffer));

        if (n > 0 && fd == proxy->upstream && proxy->swallow > 0) {
                proxy->swallow--;
                proxy->swallowed++;
                n = 0;
        }
        if (n <= 0 || write(fd == proxy->client ? proxy->upstream : proxy->client, buffer, (size_t) n) != n)
                hang_up(proxy);
        return 0;
}

static int on_connection(sd_event_source *source _unused_, int fd, uint32_t events _unused_, void *userdata)
{
        Proxy *proxy = userdata;
        struct sockaddr_un address = address_of(proxy->server);

        hang_up(proxy);
        proxy->client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
        check(proxy->client, "accept");
        proxy->upstream = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        check(proxy->upstream, "socket");
        if (connect(proxy->upstream, (const struct sockaddr *) &address, sizeof(address)) < 0) {
                hang_up(proxy);
                return 0;
        }
        check(sd_event_add_io(proxy->event, &proxy->on_client, proxy->client, EPOLLIN, on_data, proxy),
              "io");
        check(sd_event_add_io(proxy->event, &proxy->on_upstream, proxy->upstream, EPOLLIN, on_data, proxy),
              "io");
        return 0;
}

void proxy_start(Proxy *proxy, sd_event *event, const char *server_directory)
{
        char path[100];
        struct sockaddr_un address;

        *proxy = (Proxy){ .event = event, .client = -1, .upstream = -1 };
        (void) snprintf(proxy->server, sizeof(proxy->server), "%s" SOCKET, server_directory);
        (void) snprintf(proxy->directory, sizeof(proxy->directory), "%s/proxy", server_directory);
        (void) snprintf(path, sizeof(path), "%s/proxy" SOCKET, server_directory);
        check(mkdir(proxy->directory, 0755), proxy->directory);
        address = address_of(path);
        proxy->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        check(proxy->listener, "socket");
        check(bind(proxy->listener, (const struct sockaddr *) &address, sizeof(address)), path);
        check(listen(proxy->listener, 5), path);
        check(sd_event_add_io(event, &proxy->on_listener, proxy->listener, EPOLLIN, on_connection, proxy),
              "io");
}

void proxy_stop(Proxy *proxy)
{
        hang_up(proxy);
        proxy->on_listener = sd_event_source_disable_unref(proxy->on_listener);
        (void) close(proxy->listener);
}

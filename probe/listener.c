/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probe/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

#include "probe/sockets.h"

/* The loopback device of every network namespace (include/net/flow.h, LOOPBACK_IFINDEX). */
#define LOOPBACK_IFINDEX 1

typedef struct Look {
        uint64_t cgroup_id;
        int sight;
        Holder *foreign;
} Look;

static bool on_loopback_device(const Socket *listener)
{
        uint32_t device = listener->message->id.idiag_if;

        return device == 0 || device == LOOPBACK_IFINDEX;
}

/* Whether a connection to 127.0.0.1 can end here: bound to it or to everything, as IPv4 or in IPv6's
 * clothes. */
static bool takes_ipv4(const Socket *listener)
{
        const uint32_t *source = listener->message->id.idiag_src;
        struct in6_addr address;

        memcpy(&address, source, sizeof(address));
        if (!on_loopback_device(listener))
                return false;
        if (listener->message->idiag_family == AF_INET)
                return source[0] == htonl(INADDR_ANY) || source[0] == htonl(INADDR_LOOPBACK);
        if (IN6_IS_ADDR_V4MAPPED(&address))
                return source[3] == htonl(INADDR_ANY) || source[3] == htonl(INADDR_LOOPBACK);
        return IN6_IS_ADDR_UNSPECIFIED(&address) && !listener->v6only;
}

/* Whether a connection to [::1] can end here. */
static bool takes_ipv6(const Socket *listener)
{
        struct in6_addr address;

        memcpy(&address, listener->message->id.idiag_src, sizeof(address));
        return listener->message->idiag_family == AF_INET6 && on_loopback_device(listener) &&
               (IN6_IS_ADDR_UNSPECIFIED(&address) || IN6_IS_ADDR_LOOPBACK(&address));
}

/* Adds one socket to what has been seen. */
static void listener_see(void *userdata, const Socket *seen)
{
        Look *look = userdata;

        if (seen->message->idiag_state != TCP_LISTEN)
                return;
        if (seen->cgroup_id != look->cgroup_id && (takes_ipv4(seen) || takes_ipv6(seen))) {
                look->sight = LISTENER_FOREIGN;
                *look->foreign = (Holder){ seen->message->idiag_uid, seen->cgroup_id };
        } else if (seen->cgroup_id == look->cgroup_id && takes_ipv4(seen) && look->sight == LISTENER_NONE)
                look->sight = LISTENER_OWN;
}

int listener_look(int fd, uint16_t port, uint64_t cgroup_id, Holder *ret_foreign)
{
        Look look = { cgroup_id, LISTENER_NONE, ret_foreign };
        int r;

        assert(port > 0);
        assert(ret_foreign);

        r = sockets_each(fd, port, listener_see, &look);
        return r < 0 ? r : look.sight;
}

typedef struct Elsewhere {
        uint64_t cgroup_id;
        uint16_t port;
        bool there;
        /* The first ones in order, each once. */
        char addresses[LISTENER_ADDRESSES_MAX][LISTENER_ADDRESS_SIZE];
        size_t n;
        bool more;
} Elsewhere;

static void address_print(const Socket *seen, char *text, size_t size)
{
        bool v6 = seen->message->idiag_family == AF_INET6;
        char address[INET6_ADDRSTRLEN] = "";

        (void) inet_ntop(seen->message->idiag_family, seen->message->id.idiag_src, address, sizeof(address));
        (void) snprintf(text, size, v6 ? "[%s]:%u" : "%s:%u", address, ntohs(seen->message->id.idiag_sport));
}

static void elsewhere_see(void *userdata, const Socket *seen)
{
        char address[LISTENER_ADDRESS_SIZE];
        Elsewhere *elsewhere = userdata;
        size_t at = 0, behind;

        if (seen->message->idiag_state != TCP_LISTEN || seen->cgroup_id != elsewhere->cgroup_id)
                return;
        if (ntohs(seen->message->id.idiag_sport) == elsewhere->port && takes_ipv4(seen))
                elsewhere->there = true;
        address_print(seen, address, sizeof(address));
        while (at < elsewhere->n && strcmp(elsewhere->addresses[at], address) < 0)
                at++;
        if (at < elsewhere->n && strcmp(elsewhere->addresses[at], address) == 0)
                return;
        if (elsewhere->n == LISTENER_ADDRESSES_MAX)
                elsewhere->more = true;
        else
                elsewhere->n++;
        if (at == elsewhere->n)
                return;
        behind = elsewhere->n - at - 1;
        memmove(elsewhere->addresses[at + 1], elsewhere->addresses[at], behind * sizeof(address));
        memcpy(elsewhere->addresses[at], address, sizeof(address));
}

int listener_elsewhere(int fd, uint16_t port, uint64_t cgroup_id, char *text)
{
        Elsewhere elsewhere = { .cgroup_id = cgroup_id, .port = port };
        int r;

        assert(port > 0);
        assert(text);

        r = sockets_each(fd, 0, elsewhere_see, &elsewhere);
        if (r < 0 || elsewhere.there || elsewhere.n == 0)
                return MIN2(r, 0);
        for (size_t i = 0; i < elsewhere.n; i++)
                text = stpcpy(stpcpy(text, i > 0 ? ", " : ""), elsewhere.addresses[i]);
        (void) stpcpy(text, elsewhere.more ? " and others" : "");
        return 1;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probe/listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probe/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"

/* The kernel fills answers up to this (NLMSG_GOODSIZE is at most 8 KiB; it grows to 32 KiB for a reader that
 * offers more). */
#define ANSWER_SIZE ((size_t) 32 * 1024)

/* The loopback device of every network namespace (include/net/flow.h, LOOPBACK_IFINDEX). */
#define LOOPBACK_IFINDEX 1

typedef struct Listener {
        const struct inet_diag_msg *message;
        uint64_t cgroup_id;
        bool has_cgroup_id;
        bool v6only;
} Listener;

int listener_adopt(int fd)
{
        struct sockaddr_nl address = { .nl_family = AF_NETLINK };
        uint8_t byte;

        assert(fd >= 0);

        if (connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                return -errno;
        while (recv(fd, &byte, sizeof(byte), MSG_DONTWAIT | MSG_TRUNC) >= 0)
                ;
        return errno == EAGAIN ? 0 : -errno;
}

static int ask(int fd, int family, uint16_t port, uint32_t sequence)
{
        struct {
                struct nlmsghdr header;
                struct inet_diag_req_v2 request;
        } question = {
                .header = {
                        .nlmsg_len = sizeof(question),
                        .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                        .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
                        .nlmsg_seq = sequence,
                },
                .request = {
                        .sdiag_family = (uint8_t) family,
                        .sdiag_protocol = IPPROTO_TCP,
                        .idiag_states = 1U << TCP_LISTEN,
                        .id.idiag_sport = htons(port),
                },
        };

        return send(fd, &question, sizeof(question), 0) < 0 ? -errno : 0;
}

static int listener_parse(struct nlmsghdr *header, Listener *ret)
{
        struct inet_diag_msg *message = NLMSG_DATA(header);
        struct rtattr *attribute;
        Listener listener = { .message = message };
        unsigned rest;

        if (header->nlmsg_len < NLMSG_LENGTH(sizeof(*message)))
                return -EBADMSG;
        rest = header->nlmsg_len - (unsigned) NLMSG_LENGTH(sizeof(*message));
        for (attribute = (struct rtattr *) (message + 1); RTA_OK(attribute, rest);
             attribute = RTA_NEXT(attribute, rest)) {
                const void *data = RTA_DATA(attribute);

                if (attribute->rta_type == INET_DIAG_CGROUP_ID &&
                    RTA_PAYLOAD(attribute) >= sizeof(uint64_t)) {
                        memcpy(&listener.cgroup_id, data, sizeof(uint64_t));
                        listener.has_cgroup_id = true;
                } else if (attribute->rta_type == INET_DIAG_SKV6ONLY && RTA_PAYLOAD(attribute) >= 1)
                        listener.v6only = *(const uint8_t *) data != 0;
        }
        *ret = listener;
        return 0;
}

static bool on_loopback_device(const Listener *listener)
{
        uint32_t device = listener->message->id.idiag_if;

        return device == 0 || device == LOOPBACK_IFINDEX;
}

/* Whether a connection to 127.0.0.1 can end here: bound to it or to everything, as IPv4 or in IPv6's
 * clothes. */
static bool takes_ipv4(const Listener *listener)
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
static bool takes_ipv6(const Listener *listener)
{
        struct in6_addr address;

        memcpy(&address, listener->message->id.idiag_src, sizeof(address));
        return listener->message->idiag_family == AF_INET6 && on_loopback_device(listener) &&
               (IN6_IS_ADDR_UNSPECIFIED(&address) || IN6_IS_ADDR_LOOPBACK(&address));
}

/* Adds one socket of the answer to what has been seen. */
static int see(struct nlmsghdr *header, uint16_t port, uint64_t cgroup_id, int *sight, uid_t *uid)
{
        Listener listener;
        int r = listener_parse(header, &listener);

        if (r < 0)
                return r;
        if (listener.message->id.idiag_sport != htons(port) || listener.message->idiag_state != TCP_LISTEN)
                return 0;
        if (!listener.has_cgroup_id)
                return -EOPNOTSUPP;
        if (listener.cgroup_id != cgroup_id && (takes_ipv4(&listener) || takes_ipv6(&listener))) {
                *sight = LISTENER_FOREIGN;
                *uid = listener.message->idiag_uid;
        } else if (listener.cgroup_id == cgroup_id && takes_ipv4(&listener) && *sight == LISTENER_NONE)
                *sight = LISTENER_OWN;
        return 0;
}

/* Both messages that end an answer begin with an error number, 0 for a whole answer. */
static int answer_end(struct nlmsghdr *header)
{
        int error;

        if (header->nlmsg_len < NLMSG_LENGTH(sizeof(error)))
                return -EBADMSG;
        memcpy(&error, NLMSG_DATA(header), sizeof(error));
        return MIN2(error, 0);
}

/* Reads the answer to one question. What is left of an earlier one that failed half-way has another number.
 */
static int read_answer(int fd, uint32_t sequence, uint16_t port, uint64_t cgroup_id, int *sight, uid_t *uid)
{
        static union {
                struct nlmsghdr header;
                char bytes[ANSWER_SIZE];
        } answer;

        for (;;) {
                /* The kernel answers a dump while it is asked, and goes on while it is read. */
                ssize_t n = recv(fd, answer.bytes, sizeof(answer.bytes), MSG_DONTWAIT | MSG_TRUNC);
                struct nlmsghdr *header = &answer.header;
                unsigned rest;

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if ((size_t) n > sizeof(answer.bytes))
                        return -EBADMSG;
                for (rest = (unsigned) n; NLMSG_OK(header, rest); header = NLMSG_NEXT(header, rest)) {
                        int r;

                        if (header->nlmsg_seq != sequence)
                                continue;
                        if (header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR)
                                return answer_end(header);
                        r = see(header, port, cgroup_id, sight, uid);
                        if (r < 0)
                                return r;
                }
        }
}

int listener_look(int fd, uint16_t port, uint64_t cgroup_id, uid_t *ret_uid)
{
        static const int families[] = { AF_INET, AF_INET6 };
        static uint32_t sequence;
        int sight = LISTENER_NONE;

        assert(fd >= 0);
        assert(port > 0);
        assert(ret_uid);

        for (size_t i = 0; i < ELEMENTSOF(families); i++) {
                int r = ask(fd, families[i], port, ++sequence);
                if (r >= 0)
                        r = read_answer(fd, sequence, port, cgroup_id, &sight, ret_uid);
                if (r < 0)
                        return r;
        }
        return sight;
}

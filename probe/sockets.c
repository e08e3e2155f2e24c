/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probe/sockets.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

/* The kernel fills answers up to this (NLMSG_GOODSIZE is at most 8 KiB; it grows to 32 KiB for a reader that
 * offers more). */
#define ANSWER_SIZE ((size_t) 32 * 1024)

int sockets_adopt(int fd)
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

static int sockets_ask(int fd, int family, uint16_t port, uint32_t sequence)
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
                        /* With any other state the kernel walks through all connections, which takes 0.2 s. */
                        .idiag_states = 1U << TCP_LISTEN,
                        .id.idiag_sport = htons(port),
                },
        };

        return send(fd, &question, sizeof(question), 0) < 0 ? -errno : 0;
}

static int socket_parse(struct nlmsghdr *header, Socket *ret)
{
        struct inet_diag_msg *message = NLMSG_DATA(header);
        struct rtattr *attribute;
        Socket seen = { .message = message };
        bool has_cgroup_id = false;
        unsigned rest;

        if (header->nlmsg_len < NLMSG_LENGTH(sizeof(*message)))
                return -EBADMSG;
        rest = header->nlmsg_len - (unsigned) NLMSG_LENGTH(sizeof(*message));
        for (attribute = (struct rtattr *) (message + 1); RTA_OK(attribute, rest);
             attribute = RTA_NEXT(attribute, rest)) {
                const void *data = RTA_DATA(attribute);

                if (attribute->rta_type == INET_DIAG_CGROUP_ID &&
                    RTA_PAYLOAD(attribute) >= sizeof(uint64_t)) {
                        memcpy(&seen.cgroup_id, data, sizeof(uint64_t));
                        has_cgroup_id = true;
                } else if (attribute->rta_type == INET_DIAG_SKV6ONLY && RTA_PAYLOAD(attribute) >= 1)
                        seen.v6only = *(const uint8_t *) data != 0;
        }
        if (!has_cgroup_id)
                return -EOPNOTSUPP;
        *ret = seen;
        return 0;
}

/* One socket of the answer. */
static int sockets_see(struct nlmsghdr *header, uint16_t port, SocketSeen each, void *userdata)
{
        Socket seen;
        int r = socket_parse(header, &seen);

        if (r < 0)
                return r;
        if (port == 0 || seen.message->id.idiag_sport == htons(port))
                each(userdata, &seen);
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
static int sockets_read_answer(int fd, uint32_t sequence, uint16_t port, SocketSeen each, void *userdata)
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
                        r = sockets_see(header, port, each, userdata);
                        if (r < 0)
                                return r;
                }
        }
}

int sockets_each(int fd, uint16_t port, SocketSeen each, void *userdata)
{
        static const int families[] = { AF_INET, AF_INET6 };
        static uint32_t sequence;

        assert(fd >= 0);
        assert(each);

        for (size_t i = 0; i < ELEMENTSOF(families); i++) {
                int r = sockets_ask(fd, families[i], port, ++sequence);
                if (r >= 0)
                        r = sockets_read_answer(fd, sequence, port, each, userdata);
                if (r < 0)
                        return r;
        }
        return 0;
}

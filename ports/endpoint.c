/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ports/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/text.h"

#define WORD_V4V6 "v4v6"

/* haproxy knows `*` and nothing as every IPv4 address, and IPv6 addresses with and without brackets. */
static int endpoint_parse_address(const char *text, size_t length, Endpoint *endpoint)
{
        char word[INET6_ADDRSTRLEN];

        if (length == 0 || (length == 1 && text[0] == '*')) {
                endpoint->address.ipv4.sin_family = AF_INET;
                return 0;
        }
        if (text[0] == '[' && text[length - 1] == ']') {
                text++;
                length -= 2;
        }
        if (length >= sizeof(word))
                return -EINVAL;
        memcpy(word, text, length);
        word[length] = '\0';
        if (inet_pton(AF_INET, word, &endpoint->address.ipv4.sin_addr) == 1)
                endpoint->address.ipv4.sin_family = AF_INET;
        else if (inet_pton(AF_INET6, word, &endpoint->address.ipv6.sin6_addr) == 1)
                endpoint->address.ipv6.sin6_family = AF_INET6;
        else
                return -EINVAL;
        return 0;
}

/* Whether `word` is among the options behind the address. */
static bool has_word(const char *options, const char *word)
{
        size_t length = strlen(word);

        for (const char *at = options; (at = strstr(at, word)); at += length)
                if (at[-1] == ' ' && (at[length] == ' ' || at[length] == '\0'))
                        return true;
        return false;
}

int endpoint_parse(const char *text, Endpoint *ret, const char **rest)
{
        size_t length = strcspn(text, " ");
        Endpoint endpoint = {};
        const char *colon = NULL;
        char port[sizeof("65535")];
        uint64_t number;

        assert(text);
        assert(ret);

        for (size_t i = 0; i < length; i++)
                if (text[i] == ':')
                        colon = text + i;
        if (!colon || (size_t) (text + length - colon - 1) >= sizeof(port))
                return -EINVAL;
        memcpy(port, colon + 1, (size_t) (text + length - colon - 1));
        port[text + length - colon - 1] = '\0';
        if (text_to_u64(port, UINT16_MAX, &number) < 0 || number == 0 ||
            endpoint_parse_address(text, (size_t) (colon - text), &endpoint) < 0)
                return -EINVAL;
        if (endpoint.address.any.sa_family == AF_INET)
                endpoint.address.ipv4.sin_port = htons((uint16_t) number);
        else {
                endpoint.address.ipv6.sin6_port = htons((uint16_t) number);
                endpoint.v4v6 = endpoint_is_wildcard(&endpoint) && has_word(text + length, WORD_V4V6);
        }
        *ret = endpoint;
        if (rest)
                *rest = text + length;
        return 0;
}

int endpoint_of_listener(int fd, Endpoint *ret)
{
        union {
                struct sockaddr any;
                struct sockaddr_in ipv4;
                struct sockaddr_in6 ipv6;
                struct sockaddr_storage storage;
        } address = {};
        socklen_t size = sizeof(address), word_size = sizeof(int);
        int listens = 0;

        assert(ret);

        if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &word_size) < 0 ||
            getsockname(fd, &address.any, &size) < 0)
                return -errno;
        *ret = (Endpoint){};
        if (!listens)
                return -EINVAL;
        if (address.any.sa_family == AF_INET)
                ret->address.ipv4 = address.ipv4;
        else if (address.any.sa_family == AF_INET6)
                ret->address.ipv6 = address.ipv6;
        else
                return -EINVAL;
        return 0;
}

int endpoint_compare(const Endpoint *one, const Endpoint *other)
{
        int r;

        assert(one);
        assert(other);

        if (one->address.any.sa_family != other->address.any.sa_family)
                return one->address.any.sa_family < other->address.any.sa_family ? -1 : 1;
        if (one->address.any.sa_family == AF_INET)
                r = memcmp(&one->address.ipv4.sin_addr, &other->address.ipv4.sin_addr,
                           sizeof(one->address.ipv4.sin_addr));
        else
                r = memcmp(&one->address.ipv6.sin6_addr, &other->address.ipv6.sin6_addr,
                           sizeof(one->address.ipv6.sin6_addr));
        return r != 0 ? r : (int) endpoint_port(one) - (int) endpoint_port(other);
}

uint16_t endpoint_port(const Endpoint *endpoint)
{
        assert(endpoint);
        return ntohs(endpoint->address.any.sa_family == AF_INET ? endpoint->address.ipv4.sin_port
                                                                : endpoint->address.ipv6.sin6_port);
}

bool endpoint_is_wildcard(const Endpoint *endpoint)
{
        assert(endpoint);
        return endpoint->address.any.sa_family == AF_INET
                       ? endpoint->address.ipv4.sin_addr.s_addr == htonl(INADDR_ANY)
                       : IN6_IS_ADDR_UNSPECIFIED(&endpoint->address.ipv6.sin6_addr);
}

const char *endpoint_address(const Endpoint *endpoint, EndpointText buffer)
{
        char word[INET6_ADDRSTRLEN];

        assert(endpoint);

        if (endpoint->address.any.sa_family == AF_INET6) {
                (void) inet_ntop(AF_INET6, &endpoint->address.ipv6.sin6_addr, word, sizeof(word));
                (void) snprintf(buffer, sizeof(EndpointText), "[%s]", word);
        } else if (endpoint_is_wildcard(endpoint))
                (void) strcpy(buffer, "*");
        else
                (void) inet_ntop(AF_INET, &endpoint->address.ipv4.sin_addr, buffer, sizeof(EndpointText));
        return buffer;
}

/* Too few descriptors or too little memory say nothing of the address. */
static int endpoint_answer(int error)
{
        switch (error) {
        case EADDRINUSE:
        case EADDRNOTAVAIL:
        case EACCES:
        case EAFNOSUPPORT:
                return -error;
        default:
                return 0;
        }
}

int endpoint_hold(const Endpoint *endpoint, int *ret)
{
        bool ipv6 = endpoint->address.any.sa_family == AF_INET6;
        socklen_t size = ipv6 ? sizeof(endpoint->address.ipv6) : sizeof(endpoint->address.ipv4);
        _cleanup_close_ int fd = socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int yes = 1, v6only = !endpoint->v4v6;

        *ret = -1;
        if (fd < 0)
                return endpoint_answer(errno);
        if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
            setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof(yes)) < 0 ||
            (ipv6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof(v6only)) < 0))
                return endpoint_answer(errno);
        if (bind(fd, &endpoint->address.any, size) < 0)
                return endpoint_answer(errno);
        *ret = TAKE_FD(fd);
        return 0;
}

int endpoint_ask(const Endpoint *endpoint)
{
        _cleanup_close_ int fd = -1;

        return endpoint_hold(endpoint, &fd);
}

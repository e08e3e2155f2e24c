/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/proxy-url.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* The longest host name of DNS in text (RFC 1035, 2.3.4, without the root's length byte and label). */
#define NAME_LENGTH_MAX 253

/* What libgit2 takes where no port is given. */
#define HTTP_PORT  80
#define HTTPS_PORT 443

typedef struct Address {
        int family; /* 0 = it is none */
        uint8_t bytes[sizeof(struct in6_addr)];
} Address;

/* `text`, of `size` bytes, as an IP address, in brackets or not. */
static Address address_parse(const char *text, size_t size)
{
        Address address = {};
        char copy[INET6_ADDRSTRLEN];

        if (size > 2 && text[0] == '[' && text[size - 1] == ']') {
                text++;
                size -= 2;
        }
        if (size >= sizeof(copy))
                return address;
        *(char *) mempcpy(copy, text, size) = '\0';
        if (inet_pton(AF_INET, copy, address.bytes) == 1)
                address.family = AF_INET;
        else if (inet_pton(AF_INET6, copy, address.bytes) == 1)
                address.family = AF_INET6;
        return address;
}

static bool name_is_valid(const char *name, size_t size)
{
        return size > 0 && size <= NAME_LENGTH_MAX && strspn(name, LETTERS ".-_") >= size &&
               !memchr("-.", name[0], 2) && !memmem(name, size, "..", 2);
}

static bool proxy_host_is_valid(const char *host, size_t size)
{
        if (host[0] == '[')
                return size > 2 && host[size - 1] == ']' && address_parse(host, size).family == AF_INET6;
        return name_is_valid(host, size);
}

/* What is before the host. A password may have an @ of its own. */
static int login_parse(const char *login, size_t size, ProxyUrl *ret)
{
        const char *colon = memchr(login, ':', size);

        if (size == 0 || login[0] == ':')
                return -EINVAL;
        if (!colon)
                return 0;
        ret->password = text_percent_decode(colon + 1, (size_t) (login + size - colon - 1));
        return ret->password ? 0 : -ENOMEM;
}

/* HOST or HOST:PORT. */
static int address_split(const char *address, ProxyUrl *ret)
{
        size_t size = strlen(address);
        size_t host_size = address[0] == '[' ? strcspn(address, "]") + 1 : strcspn(address, ":");
        uint64_t port;

        host_size = MIN2(host_size, size);
        if (!proxy_host_is_valid(address, host_size))
                return -EINVAL;
        ret->host = address[0] == '[' ? strndup(address + 1, host_size - 2) : strndup(address, host_size);
        if (!ret->host)
                return -ENOMEM;
        if (host_size == size)
                return 0;
        if (address[host_size] != ':' || text_to_u64(address + host_size + 1, UINT16_MAX, &port) < 0 ||
            port == 0)
                return -EINVAL;
        ret->port = (uint16_t) port;
        return 0;
}

int proxy_url_parse(const char *text, ProxyUrl *ret)
{
        const char *authority, *at, *host;
        size_t size;
        int r = 0;

        assert(text);
        assert(ret);

        *ret = (ProxyUrl){ .port = HTTP_PORT };
        if (strncmp(text, "https://", strlen("https://")) == 0)
                *ret = (ProxyUrl){ .port = HTTPS_PORT, .tls = true };
        else if (strncmp(text, "http://", strlen("http://")) != 0)
                return -EINVAL;
        if (!text_is_clean(text, /* allow_tab= */ false) || strpbrk(text, " \\\"'<>^`{|}?#"))
                return -EINVAL;
        authority = strstr(text, "://") + 3;
        size = strcspn(authority, "/");
        if (authority[size] == '/' && authority[size + 1] != '\0')
                return -EINVAL;
        at = memrchr(authority, '@', size);
        host = at ? at + 1 : authority;
        if (at)
                r = login_parse(authority, (size_t) (at - authority), ret);
        if (r < 0)
                return r;
        ret->address = strndup(host, size - (size_t) (host - authority));
        return ret->address ? address_split(ret->address, ret) : -ENOMEM;
}

void proxy_url_done(ProxyUrl *url)
{
        assert(url);

        secret_free(url->password);
        free(url->address);
        free(url->host);
        *url = (ProxyUrl){ NULL };
}

/* NAME of `.NAME` and `*.NAME`. */
static const char *pattern_name(const char *pattern)
{
        if (pattern[0] == '*' && pattern[1] == '.')
                return pattern + 2;
        return pattern[0] == '.' ? pattern + 1 : pattern;
}

/* The address and the number of its bits that count; all of them without a slash. Family 0: it is none. */
static Address proxy_network_parse(const char *pattern, uint64_t *ret_bits)
{
        const char *slash = strchrnul(pattern, '/');
        Address address = address_parse(pattern, (size_t) (slash - pattern));

        *ret_bits = address.family == AF_INET ? 32 : 128;
        if (*slash && text_to_u64(slash + 1, *ret_bits, ret_bits) < 0)
                address.family = 0;
        return address;
}

bool proxy_pattern_is_valid(const char *pattern)
{
        const char *name;
        uint64_t bits;

        assert(pattern);

        name = pattern_name(pattern);
        return strcmp(pattern, "*") == 0 || proxy_network_parse(pattern, &bits).family != 0 ||
               name_is_valid(name, strlen(name));
}

static bool is_in_network(const Address *network, uint64_t bits, const Address *host)
{
        size_t whole = bits / 8;
        uint8_t mask = (uint8_t) (0xff00U >> (bits % 8));

        if (network->family != host->family || memcmp(network->bytes, host->bytes, whole) != 0)
                return false;
        return bits % 8 == 0 || ((network->bytes[whole] ^ host->bytes[whole]) & mask) == 0;
}

bool proxy_pattern_matches(const char *pattern, const char *host)
{
        size_t size, name_size;
        Address network, address;
        const char *name;
        uint64_t bits;

        assert(pattern);
        assert(host);

        if (strcmp(pattern, "*") == 0)
                return true;
        size = strlen(host);
        network = proxy_network_parse(pattern, &bits);
        address = address_parse(host, size);
        if (network.family != 0 || address.family != 0)
                return network.family != 0 && is_in_network(&network, bits, &address);

        /* The dot of the root, at the end of either, says nothing here. */
        name = pattern_name(pattern);
        name_size = strlen(name);
        if (name_size > 0 && name[name_size - 1] == '.')
                name_size--;
        if (size > 0 && host[size - 1] == '.')
                size--;
        if (name_size == 0 || size < name_size || strncasecmp(host + size - name_size, name, name_size) != 0)
                return false;
        return size == name_size || host[size - name_size - 1] == '.';
}

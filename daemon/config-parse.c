/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/config-parse.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/proxy-url.h"
#include "base/text.h"

#define BLANKS       " \t"
#define ALPHANUMERIC "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* The longest host name of DNS in text (RFC 1035, 2.3.4, without the root's length byte and label). */
#define HOST_LENGTH_MAX 253

/* -- lists and words -- */

char **config_list_free(char **list)
{
        for (char **word = list; word && *word; word++)
                free(*word);
        free(list);
        return NULL;
}

static inline void config_list_freep(char ***list)
{
        *list = config_list_free(*list);
}

int config_list_append(char ***list, char *word)
{
        size_t n = 0;
        char **longer;

        assert(list);

        if (!word)
                return -ENOMEM;
        while (*list && (*list)[n])
                n++;
        longer = reallocarray(*list, n + 2, sizeof(char *));
        if (!longer) {
                free(word);
                return -ENOMEM;
        }
        longer[n] = word;
        longer[n + 1] = NULL;
        *list = longer;
        return 0;
}

char *config_words_join(const char *const *words)
{
        _cleanup_free_ char *joined = strdup(words[0]);

        for (size_t i = 1; joined && words[i]; i++) {
                char *longer = text_format("%s%s%s", joined, words[i + 1] ? ", " : " or ", words[i]);

                free(joined);
                joined = longer;
        }
        return TAKE_PTR(joined);
}

static int word_index(const char *const *words, const char *word)
{
        for (int i = 0; words[i]; i++)
                if (strcmp(words[i], word) == 0)
                        return i;
        return -EINVAL;
}

/* -- words -- */

static int parse_boolean(const ConfigKey *key _unused_, const char *text, void *member)
{
        /* systemd's spellings, off and on in turn. */
        static const char *const words[] = { "no", "yes", "false", "true", "off", "on", "0", "1", NULL };
        int index = word_index(words, text);

        if (index < 0)
                return index;
        *(bool *) member = index % 2;
        return 0;
}

static int parse_word(const ConfigKey *key, const char *text, void *member)
{
        int index = word_index(key->words, text);

        if (index < 0)
                return index;
        *(int *) member = index;
        return 0;
}

/* -- texts -- */

static int clear_text(void *member)
{
        return text_replace(member, "");
}

static void release_text(void *member)
{
        free(*(char **) member);
}

/* `127.0.0.1`, `2001:db8::1`: what inet_pton(3) takes, which no other sign gets past. */
static bool is_ip_address(const char *text, int family)
{
        uint8_t address[sizeof(struct in6_addr)];

        return inet_pton(family, text, address) == 1;
}

static int config_parse_address(const ConfigKey *key _unused_, const char *text, void *member)
{
        const char *colon = strrchr(text, ':');
        _cleanup_free_ char *host = NULL;
        bool is_valid;
        uint64_t port;
        size_t length;

        if (!colon || text_to_u64(colon + 1, UINT16_MAX, &port) < 0 || port == 0)
                return -EINVAL;

        length = (size_t) (colon - text);
        if (text[0] == '[' && length >= 2 && text[length - 1] == ']') {
                host = strndup(text + 1, length - 2);
                is_valid = host && is_ip_address(host, AF_INET6);
        } else {
                host = strndup(text, length);
                is_valid = host && (strcmp(host, "*") == 0 || is_ip_address(host, AF_INET));
        }
        if (!host)
                return -ENOMEM;
        return is_valid ? text_replace(member, text) : -EINVAL;
}

static int parse_base_url(const ConfigKey *key _unused_, const char *text, void *member)
{
        const char *host = NULL;
        size_t length;

        if (strncmp(text, "https://", strlen("https://")) == 0)
                host = text + strlen("https://");
        else if (strncmp(text, "http://", strlen("http://")) == 0)
                host = text + strlen("http://");
        if (!host)
                return -EINVAL;

        length = strlen(host);
        if (host[0] == '[' && length > 2 && host[length - 1] == ']') {
                _cleanup_free_ char *address = strndup(host + 1, length - 2);

                if (!address)
                        return -ENOMEM;
                if (!is_ip_address(address, AF_INET6))
                        return -EINVAL;
        } else if (length == 0 || length > HOST_LENGTH_MAX || strspn(host, ALPHANUMERIC ".-") < length ||
                   strchr(".-", host[0]) || strchr(".-", host[length - 1]) || strstr(host, ".."))
                return -EINVAL;
        return text_replace(member, text);
}

static int parse_database(const ConfigKey *key _unused_, const char *text, void *member)
{
        /* The two schemes libpq knows; the rest of the URL is libpq's to judge. */
        if (strncmp(text, "postgresql://", strlen("postgresql://")) != 0 &&
            strncmp(text, "postgres://", strlen("postgres://")) != 0)
                return -EINVAL;
        if (strpbrk(text, BLANKS))
                return -EINVAL;
        return text_replace(member, text);
}

static int parse_proxy(const ConfigKey *key _unused_, const char *text, void *member)
{
        _cleanup_proxy_url_ ProxyUrl parts = {};
        int r = proxy_url_parse(text, &parts);

        return r < 0 ? r : text_replace(member, text);
}

/* -- lists of words -- */

static int clear_list(void *member)
{
        char **empty = calloc(1, sizeof(char *));

        if (!empty)
                return -ENOMEM;
        config_list_free(*(char ***) member);
        *(char ***) member = empty;
        return 0;
}

static void release_list(void *member)
{
        config_list_free(*(char ***) member);
}

static int config_parse_list(const ConfigKey *key, const char *text, char ***member,
                             bool (*is_valid)(const ConfigKey *key, const char *word))
{
        _cleanup_(config_list_freep) char **list = NULL;
        _cleanup_free_ char *copy = NULL;
        char *state = NULL;

        if (strcmp(text, "none") == 0)
                return clear_list(member);
        copy = strdup(text);
        if (!copy)
                return -ENOMEM;

        for (char *word = strtok_r(copy, BLANKS, &state); word; word = strtok_r(NULL, BLANKS, &state)) {
                int r = is_valid(key, word) ? config_list_append(&list, strdup(word)) : -EINVAL;

                if (r < 0)
                        return r;
        }
        if (!list)
                return -EINVAL;
        config_list_free(*member);
        *member = TAKE_PTR(list);
        return 0;
}

static bool is_known_word(const ConfigKey *key, const char *word)
{
        return word_index(key->words, word) >= 0;
}

/* Absolute and normalised, and not the root itself, under which everything lies. */
static bool is_path(const ConfigKey *key _unused_, const char *word)
{
        size_t length = strlen(word);

        if (word[0] != '/' || word[length - 1] == '/' || strspn(word, ALPHANUMERIC "/._-") < length ||
            length >= PATH_MAX)
                return false;
        for (const char *slash = word; slash; slash = strchr(slash + 1, '/')) {
                size_t n = strcspn(slash + 1, "/");

                if (n == 0 || (n == 1 && slash[1] == '.') || (n == 2 && slash[1] == '.' && slash[2] == '.'))
                        return false;
        }
        return true;
}

static bool is_network(const ConfigKey *key _unused_, const char *word)
{
        char address[INET6_ADDRSTRLEN];
        const char *slash = strchrnul(word, '/');
        uint64_t bits;

        if ((size_t) (slash - word) >= sizeof(address))
                return false;
        *(char *) mempcpy(address, word, (size_t) (slash - word)) = '\0';

        bool is_ipv4 = is_ip_address(address, AF_INET);
        if (!is_ipv4 && !is_ip_address(address, AF_INET6))
                return false;
        return !*slash || text_to_u64(slash + 1, is_ipv4 ? 32 : 128, &bits) == 0;
}

static bool is_host(const ConfigKey *key _unused_, const char *word)
{
        return proxy_pattern_is_valid(word);
}

static int parse_words(const ConfigKey *key, const char *text, void *member)
{
        return config_parse_list(key, text, member, is_known_word);
}

static int parse_paths(const ConfigKey *key, const char *text, void *member)
{
        return config_parse_list(key, text, member, is_path);
}

static int parse_networks(const ConfigKey *key, const char *text, void *member)
{
        return config_parse_list(key, text, member, is_network);
}

static int parse_hosts(const ConfigKey *key, const char *text, void *member)
{
        return config_parse_list(key, text, member, is_host);
}

/* -- keys -- */

int config_key_set(const ConfigKey *key, const char *text, void *config)
{
        void *member;

        assert(key);
        assert(text);
        assert(config);

        member = config_member(key, config);
        if (text_is_empty(text))
                text = key->fallback;
        if (!text_is_empty(text))
                return key->type->parse(key, text, member);
        assert(key->type->clear);
        return key->type->clear(member);
}

char *config_key_allowed(const ConfigKey *key)
{
        _cleanup_free_ char *words = NULL;

        assert(key);

        if (key->least)
                return text_format("%s, from %s to %s", key->type->form, key->least, key->most);
        if (!key->words)
                return strdup(key->type->form);
        words = config_words_join(key->words);
        return words ? text_format("%s %s", key->type->form, words) : NULL;
}

const ConfigType config_type_boolean = {
        .form = "yes or no",
        .parse = parse_boolean,
};
const ConfigType config_type_word = {
        .form = "one of",
        .parse = parse_word,
};
const ConfigType config_type_words = {
        .form = "none, or one or several, with blanks between them, of",
        .parse = parse_words,
        .clear = clear_list,
        .release = release_list,
};
const ConfigType config_type_paths = {
        .form = "none, or absolute paths of directories with blanks between them, each without . or .. or "
                "an empty "
                "part, not / itself, and of letters, digits and /._- only, because they become properties "
                "of units",
        .parse = parse_paths,
        .clear = clear_list,
        .release = release_list,
};
const ConfigType config_type_networks = {
        .form = "none, or IP addresses or networks with blanks between them, such as 10.0.0.0/8 or fd00::/8",
        .parse = parse_networks,
        .clear = clear_list,
        .release = release_list,
};
const ConfigType config_type_proxy = {
        .form = "http:// or https:// and HOST:PORT, with USER:PASSWORD@ before that if the proxy asks for it, "
                "without a path",
        .parse = parse_proxy,
        .clear = clear_text,
        .release = release_text,
};
const ConfigType config_type_hosts = {
        .form = "none, or names of hosts, IP addresses or networks with blanks between them, such as "
                "git.example.com or 10.0.0.0/8, or *",
        .parse = parse_hosts,
        .clear = clear_list,
        .release = release_list,
};
const ConfigType config_type_address = {
        .form = "ADDRESS:PORT, such as *:80, 192.0.2.1:80 or [2001:db8::1]:80",
        .parse = config_parse_address,
        .clear = clear_text,
        .release = release_text,
};
const ConfigType config_type_base_url = {
        .form = "http:// or https:// and the name of a host, without port, path or slash at the end",
        .parse = parse_base_url,
        .clear = clear_text,
        .release = release_text,
};
const ConfigType config_type_database = {
        .form = "a URL that begins with postgresql:// or postgres:// and has no blanks",
        .parse = parse_database,
        .clear = clear_text,
        .release = release_text,
};

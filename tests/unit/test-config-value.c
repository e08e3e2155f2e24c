/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Each kind of value a key can have. */

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/config-parse.h"
#include "daemon/config.h"

static const ConfigKey *key_of(const char *section, const char *name)
{
        for (size_t i = 0; i < n_config_keys; i++)
                if (strcmp(config_keys[i].section, section) == 0 && strcmp(config_keys[i].name, name) == 0)
                        return &config_keys[i];
        cr_assert_fail("no key [%s] %s", section, name);
        return NULL;
}

static Config *config_of_defaults(void)
{
        Config *config = calloc(1, sizeof(Config));

        cr_assert_not_null(config);
        for (size_t i = 0; i < n_config_keys; i++)
                cr_assert_eq(config_key_set(&config_keys[i], "", config), 0, "%s", config_keys[i].name);
        return config;
}

typedef struct NumberCase {
        const char *text;
        uint64_t value;
} NumberCase;

/* A key of its own, bounded only by what the parser can read. */
static ConfigKey unbounded(const ConfigType *type, const char *most)
{
        return (ConfigKey){ .type = type, .least = type == &config_type_quota ? "0%" : "0", .most = most };
}

static void expect_numbers(const ConfigKey *key, const NumberCase *cases, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                uint64_t value = 4711;

                cr_expect_eq(key->type->parse(key, cases[i].text, &value), 0, "“%s”", cases[i].text);
                cr_expect_eq(value, cases[i].value, "“%s” is %ju", cases[i].text, (uintmax_t) value);
        }
}

static void expect_refused(const ConfigKey *key, const char *const *texts, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                uint64_t value = 4711;

                cr_expect_eq(key->type->parse(key, texts[i], &value), -EINVAL, "“%s”", texts[i]);
                cr_expect_eq(value, 4711);
        }
}

/* What they look like is said by test-quantity.c. */
Test(config_value, numbers_are_read_as_everywhere)
{
        static const NumberCase durations[] = { { "2w", 14 * 86400 * USEC_PER_SEC },
                                                { "1.5h", 5400 * USEC_PER_SEC } },
                                sizes[] = { { "256MB", UINT64_C(1) << 28 }, { "1.5G", UINT64_C(3) << 29 } },
                                quotas[] = { { "150%", 1500000 } };
        static const char *const words[] = { "many", "1.5" };
        ConfigKey duration = unbounded(&config_type_duration, "520w"),
                  size = unbounded(&config_type_size, "1P"), quota = unbounded(&config_type_quota, "1000%");

        expect_numbers(&duration, durations, ELEMENTSOF(durations));
        expect_numbers(&size, sizes, ELEMENTSOF(sizes));
        expect_numbers(&quota, quotas, ELEMENTSOF(quotas));
        expect_refused(&duration, words, 1);
        expect_refused(&size, words, ELEMENTSOF(words));
        expect_refused(&quota, words, ELEMENTSOF(words));
}

Test(config_value, bounds_belong_to_what_is_allowed)
{
        static const char *const texts[] = { "9", "21", "0", "18446744073709551616" };
        static const NumberCase cases[] = { { "10", 10 }, { "20", 20 } };
        ConfigKey key = { .type = &config_type_number, .least = "10", .most = "20" };

        expect_numbers(&key, cases, ELEMENTSOF(cases));
        expect_refused(&key, texts, ELEMENTSOF(texts));
}

Test(config_value, port_ranges)
{
        static const char *const bad[] = { "1023-2000",
                                           "2000-65536",
                                           "2001-2000",
                                           "2000",
                                           "-2000",
                                           "2000-",
                                           "a-b",
                                           "2000 - 2001",
                                           "2000-2001-2002",
                                           "2000..2001",
                                           "02000-02001",
                                           "2000,2001",
                                           "4294969296-4294969297" };
        const ConfigKey *key = key_of("ports", "range");
        PortRange range = { 0, 0 };

        cr_assert_eq(key->type->parse(key, "1024-65535", &range), 0);
        cr_expect_eq(range.low, 1024);
        cr_expect_eq(range.high, 65535);
        cr_assert_eq(key->type->parse(key, "2000-2000", &range), 0);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                cr_expect_eq(key->type->parse(key, bad[i], &range), -EINVAL, "“%s”", bad[i]);
        cr_expect_eq(range.low, 2000);
        cr_expect_eq(range.high, 2000);
}

Test(config_value, booleans_are_systemds)
{
        static const struct {
                const char *text;
                bool value;
        } cases[] = { { "yes", true }, { "true", true },   { "on", true },   { "1", true },
                      { "no", false }, { "false", false }, { "off", false }, { "0", false } };
        static const char *const bad[] = { "y", "Yes", "TRUE", "2", "none", "yes no" };
        const ConfigKey *key = key_of("runner", "build-network");

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                bool value = !cases[i].value;

                cr_expect_eq(key->type->parse(key, cases[i].text, &value), 0, "%s", cases[i].text);
                cr_expect_eq(value, cases[i].value, "%s", cases[i].text);
        }
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                bool value = true;

                cr_expect_eq(key->type->parse(key, bad[i], &value), -EINVAL, "%s", bad[i]);
        }
}

/* Tries each text at the key; the values that are texts or lists. */
static void expect_all(const char *section, const char *name, const char *const *texts, size_t n,
                       int expected)
{
        _cleanup_(config_freep) Config *config = config_of_defaults();

        for (size_t i = 0; i < n; i++)
                cr_expect_eq(config_key_set(key_of(section, name), texts[i], config), expected, "%s = “%s”",
                             name, texts[i]);
}

#define EXPECT_ALL(section, name, expected, ...)                                 \
        do {                                                                     \
                static const char *const _texts[] = { __VA_ARGS__ };             \
                expect_all(section, name, _texts, ELEMENTSOF(_texts), expected); \
        } while (0)

Test(config_value, log_levels_are_those_of_syslog)
{
        static const char *const levels[] = { "emerg",   "alert",  "crit", "err",
                                              "warning", "notice", "info", "debug" };
        _cleanup_(config_freep) Config *config = config_of_defaults();

        for (int level = 0; level < (int) ELEMENTSOF(levels); level++) {
                cr_assert_eq(config_key_set(key_of("log", "level"), levels[level], config), 0);
                cr_expect_eq(config->log_level, level);
        }
        EXPECT_ALL("log", "level", -EINVAL, "error", "INFO", "6", "info debug");
}

Test(config_value, schemes)
{
        EXPECT_ALL("git", "schemes", 0, "https", "ssh https http git", "git\tssh", "none");
        EXPECT_ALL("git", "schemes", -EINVAL, "file", "ext", "https, ssh", "https none", "HTTPS",
                   "https://");
}

Test(config_value, local_paths_are_fit_for_a_unit_property)
{
        EXPECT_ALL("git", "local-paths", 0, "/srv/git", "/srv/git /var/lib/x-y_z.d/Q9", "/..a/b../.c",
                   "none");
        EXPECT_ALL("git", "local-paths", -EINVAL, "/", "srv", "./srv", "/srv/", "/srv//git", "/srv/./git",
                   "/srv/.", "/srv/../etc", "/..", "/srv/%u", "/srv/$x", "/srv/a;b", "/srv/a:b", "\"/srv\"",
                   "/srv/ä", "/srv/a\\x20b", "~/git", "/srv none");
}

Test(config_value, proxies)
{
        EXPECT_ALL("git", "proxy", 0, "http://proxy.example.com:3128", "https://proxy",
                   "http://ada:p%40w@10.0.0.1:80/", "http://[2001:db8::1]:3128");
        EXPECT_ALL("git", "proxy", -EINVAL, "proxy:3128", "socks5://proxy:1080", "none", "http://",
                   "http://proxy/path", "http://proxy:0", "http://a b");
        EXPECT_ALL("git", "no-proxy", 0, "git.example.com", ".example.com *.example.org", "10.0.0.0/8 ::1",
                   "*", "none");
        EXPECT_ALL("git", "no-proxy", -EINVAL, "a,b", "https://a", "a:80", "10.0.0.0/33", "a/b", "a none*",
                   "**", "-a");
}

Test(config_value, networks)
{
        EXPECT_ALL("access", "internal-networks", 0, "10.0.0.0/8", "192.0.2.1", "0.0.0.0/0", "192.0.2.1/32",
                   "fd00::/8 ::1", "::/0", "2001:db8::1/128", "none");
        EXPECT_ALL("access", "internal-networks", -EINVAL, "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0/8",
                   "10/8", "10.0.0.0/08", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0.256", "localhost",
                   "fe80::1%eth0", "any", "10.0.0.0/8,fd00::/8", "/8",
                   "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc");
}

Test(config_value, ingress_addresses)
{
        EXPECT_ALL("ingress", "http", 0, "*:80", "192.0.2.1:8080", "[::]:80", "[2001:db8::1]:65535");
        EXPECT_ALL("ingress", "http", -EINVAL, "80", ":80", "*", "*:", "*:0", "*:65536", "*:080", "*:http",
                   "::1:80", "[::1]", "[]:80", "[192.0.2.1]:80", "[*]:80", "localhost:80", "*:80 *:81",
                   "*:80,*:81", "192.0.2:80");
}

Test(config_value, base_urls_end_with_the_host)
{
        EXPECT_ALL("frontend", "base-url", 0, "http://localhost", "https://apps.example.com",
                   "https://192.0.2.1", "http://[2001:db8::1]");
        EXPECT_ALL("frontend", "base-url", -EINVAL, "apps.example.com", "ftp://a", "https://", "https://a/",
                   "https://a/b", "https://a:443", "https://u@a", "https://a b", "https://-a", "https://a.",
                   "https://a..b", "https://[::1", "https://[x]", "HTTPS://a", "https://ä.de", "https://a?b",
                   "http://[]");
}

Test(config_value, database_urls_are_libpqs)
{
        EXPECT_ALL("database", "url", 0, "postgresql://", "postgres:///deployd?host=/run/postgresql",
                   "postgresql://u:p@h:5432/d");
        EXPECT_ALL("database", "url", -EINVAL, "host=localhost dbname=x", "mysql://h/d", "postgresql:/h",
                   "Postgres://h", "postgresql://h/d x");
}

Test(config_value, lists_keep_their_words_in_order)
{
        _cleanup_(config_freep) Config *config = config_of_defaults();

        cr_assert_eq(config_key_set(key_of("git", "local-paths"), "/b \t /a /b", config), 0);
        cr_expect_str_eq(config->git_local_paths[0], "/b");
        cr_expect_str_eq(config->git_local_paths[1], "/a");
        cr_expect_str_eq(config->git_local_paths[2], "/b");
        cr_expect_null(config->git_local_paths[3]);

        cr_assert_eq(config_key_set(key_of("access", "internal-networks"), "none", config), 0);
        cr_assert_not_null(config->internal_networks);
        cr_expect_null(config->internal_networks[0]);
}

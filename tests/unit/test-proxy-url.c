/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/proxy-url.h"

#include <criterion/criterion.h>
#include <errno.h>

#include "base/text.h"

Test(proxy_url, the_parts_of_an_address)
{
        static const struct {
                const char *text, *address, *host, *password;
                uint16_t port;
                bool tls;
        } cases[] = {
                { "http://proxy", "proxy", "proxy", NULL, 80, false },
                { "https://proxy", "proxy", "proxy", NULL, 443, true },
                { "http://proxy:3128/", "proxy:3128", "proxy", NULL, 3128, false },
                { "http://ada@10.0.0.1:8080", "10.0.0.1:8080", "10.0.0.1", NULL, 8080, false },
                { "https://ada:p%40%3a@w@proxy.example.com:1", "proxy.example.com:1", "proxy.example.com",
                  "p@:@w", 1, true },
                { "http://ada:@proxy:65535", "proxy:65535", "proxy", "", 65535, false },
                { "http://[2001:db8::1]", "[2001:db8::1]", "2001:db8::1", NULL, 80, false },
                { "http://a:b@[::1]:3128", "[::1]:3128", "::1", "b", 3128, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_proxy_url_ ProxyUrl url = {};

                cr_assert_eq(proxy_url_parse(cases[i].text, &url), 0, "%s", cases[i].text);
                cr_expect_str_eq(url.address, cases[i].address);
                cr_expect_str_eq(url.host, cases[i].host);
                cr_expect_eq(url.port, cases[i].port, "%s", cases[i].text);
                cr_expect_eq(url.tls, cases[i].tls, "%s", cases[i].text);
                cr_expect_eq(url.password != NULL, cases[i].password != NULL, "%s", cases[i].text);
                cr_expect_str_eq(text_or_empty(url.password), text_or_empty(cases[i].password));
        }
}

Test(proxy_url, what_is_no_address_of_a_proxy_is_refused)
{
        static const char *const bad[] = {
                "",
                "proxy:3128",
                "socks5://proxy:1080",
                "HTTP://proxy",
                "http:/proxy",
                "http://",
                "http:///",
                "http://:3128",
                "http://proxy:",
                "http://proxy:0",
                "http://proxy:65536",
                "http://proxy:080",
                "http://proxy:x",
                "http://proxy/path",
                "http://proxy//",
                "http://proxy?x",
                "http://proxy#x",
                "http://@proxy",
                "http://:pw@proxy",
                "http://a b@proxy",
                "http://proxy\n",
                "http://pro\"xy",
                "http://-proxy",
                "http://.proxy",
                "http://a..b",
                "http://[::1",
                "http://[]",
                "http://[10.0.0.1]",
                "http://[::1]3128",
                "http://::1:3128",
                "http://pr\xc3\xb6xy",
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_proxy_url_ ProxyUrl url = {};

                cr_expect_eq(proxy_url_parse(bad[i], &url), -EINVAL, "%s", bad[i]);
        }
}

Test(proxy_url, patterns_stand_for_hosts)
{
        static const struct {
                const char *pattern, *host;
                bool matches;
        } cases[] = {
                { "*", "anything", true },
                { "*", "[::1]", true },
                { "example.com", "example.com", true },
                { "example.com", "EXAMPLE.com", true },
                { "example.com", "example.com.", true },
                { "example.com.", "git.example.com", true },
                { "example.com", "git.example.com", true },
                { "example.com", "notexample.com", false },
                { "example.com", "example.com.org", false },
                { "example.com", "com", false },
                { ".example.com", "example.com", true },
                { "*.example.com", "a.b.example.com", true },
                { "10.1.2.3", "10.1.2.3", true },
                { "10.1.2.3", "10.1.2.30", false },
                { "1.2.3", "10.1.2.3", false },
                { "10.0.0.0/8", "10.255.0.1", true },
                { "10.0.0.0/8", "11.0.0.1", false },
                { "10.128.0.0/9", "10.127.0.1", false },
                { "10.128.0.0/9", "10.129.0.1", true },
                { "0.0.0.0/0", "192.0.2.1", true },
                { "0.0.0.0/0", "::1", false },
                { "192.0.2.1/32", "192.0.2.1", true },
                { "fd00::/8", "[fd12::1]", true },
                { "fd00::/8", "fe80::1", false },
                { "::1", "[::1]", true },
                { "[::1]", "::1", true },
                { "10.0.0.0/8", "ten.example.com", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                cr_expect(proxy_pattern_is_valid(cases[i].pattern), "%s", cases[i].pattern);
                cr_expect_eq(proxy_pattern_matches(cases[i].pattern, cases[i].host), cases[i].matches,
                             "%s of %s", cases[i].host, cases[i].pattern);
        }
}

Test(proxy_url, what_is_no_pattern)
{
        static const char *const bad[] = { "",    ".",    "*.",   "**",          "*a",
                                           "a*",  "a b",  "a,b",  "10.0.0.0/33", "::1/129",
                                           "a/8", "/8",   "a:80", "10.0.0.1:80", "http://a",
                                           "-a",  "a..b", "[::1", "..a",         "10.0.0.0/" };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                cr_expect_not(proxy_pattern_is_valid(bad[i]), "%s", bad[i]);
}

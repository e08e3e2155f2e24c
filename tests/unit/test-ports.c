/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ports/filter.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "ports/configuration.h"
#include "ports/left-out.h"

/* What the kernel is to say of an address; everything else can be bound. */
typedef struct Refusal {
        const char *address;
        uint16_t port;
        int error;
} Refusal;

static int ask(void *userdata, const Endpoint *endpoint)
{
        EndpointText address;

        for (const Refusal *refusal = userdata; refusal && refusal->address; refusal++)
                if (refusal->port == endpoint_port(endpoint) &&
                    strcmp(refusal->address, endpoint_address(endpoint, address)) == 0)
                        return -refusal->error;
        return 0;
}

static char *config, *list, *tag;

static void filter(const char *text, Refusal *refusals)
{
        size_t config_size, list_size;
        FILE *config_stream = open_memstream(&config, &config_size),
             *list_stream = open_memstream(&list, &list_size);

        cr_assert(config_stream && list_stream);
        cr_assert_eq(filter_apply(text, ask, refusals, config_stream, list_stream), 0);
        cr_assert(fclose(config_stream) == 0 && fclose(list_stream) == 0);
        tag = left_out_tag(list);
        cr_assert_not_null(tag);
}

static void forget(void)
{
        free(config);
        free(list);
        free(tag);
        config = list = tag = NULL;
}
TestSuite(ports, .fini = forget);

/* The configuration is this, and the backend that names the list. */
static void is(const char *text)
{
        _cleanup_free_ char *wanted = text_format("%sbackend %s\n", text, tag);

        cr_assert_not_null(wanted);
        cr_expect_str_eq(config, wanted);
}

#define SHOP                         \
        "frontend app-shop\n"        \
        "    bind 127.0.0.1:30000\n" \
        "    bind [::1]:30000\n"     \
        "    default_backend app-shop\n"
#define SHOP_BACKEND "backend app-shop\n    server d1.web.1 127.0.0.1:20000\n"
#define BLOG                         \
        "frontend app-blog\n"        \
        "    bind *:30001\n"         \
        "    bind :::30001 v6only\n" \
        "    default_backend app-blog\n"
#define BLOG_BACKEND "backend app-blog\n"
#define HEAD                        \
        "# by deployd\n"            \
        "global\n    maxconn 100\n" \
        "defaults app\n    timeout client 5s\n\n"

Test(ports, what_can_be_bound_is_copied_as_it_is)
{
        filter(HEAD SHOP BLOG "backend deployd-generation-1\n" SHOP_BACKEND BLOG_BACKEND, NULL);
        is(HEAD SHOP BLOG "backend deployd-generation-1\n" SHOP_BACKEND BLOG_BACKEND);
        cr_expect_str_eq(list, "");
}

Test(ports, nothing_is_a_configuration_too)
{
        filter("", NULL);
        is("");
}

Test(ports, an_address_that_cannot_be_bound_is_left_out_alone)
{
        filter(HEAD SHOP BLOG SHOP_BACKEND BLOG_BACKEND,
               (Refusal[]){ { "[::1]", 30000, EADDRNOTAVAIL }, {} });
        is(HEAD
           "frontend app-shop\n    bind 127.0.0.1:30000\n    default_backend app-shop\n" BLOG SHOP_BACKEND
                   BLOG_BACKEND);
        cr_expect_str_eq(list, "app-shop 30000 [::1] 99 some\n");
}

Test(ports, an_app_without_an_address_is_left_out_with_its_backend)
{
        filter(HEAD SHOP_BACKEND BLOG_BACKEND SHOP BLOG,
               (Refusal[]){ { "127.0.0.1", 30000, EADDRINUSE }, { "[::1]", 30000, EADDRINUSE }, {} });
        is(HEAD BLOG_BACKEND BLOG);
        cr_expect_str_eq(list, "app-shop 30000 127.0.0.1 98 none\napp-shop 30000 [::1] 98 none\n");
}

Test(ports, an_app_that_somebody_else_answers_for_is_left_out)
{
        filter(SHOP BLOG SHOP_BACKEND BLOG_BACKEND, (Refusal[]){ { "127.0.0.1", 30000, EADDRINUSE },
                                                                 { "*", 30001, EADDRINUSE },
                                                                 { "127.0.0.1", 30001, EADDRINUSE },
                                                                 {} });
        is("");
        cr_expect_str_eq(list, "app-shop 30000 127.0.0.1 98 none\napp-blog 30001 * 98 none\n");
}

Test(ports, a_public_app_keeps_the_loopback_address_that_nobody_has)
{
        filter(BLOG BLOG_BACKEND, (Refusal[]){ { "*", 30001, EADDRINUSE }, {} });
        is("frontend app-blog\n    bind 127.0.0.1:30001\n    bind :::30001 v6only\n    default_backend app-blog\n" BLOG_BACKEND);
        cr_expect_str_eq(list, "app-blog 30001 * 98 some\n");
}

Test(ports, the_loopback_address_of_ipv6_takes_no_ipv4)
{
        filter(BLOG BLOG_BACKEND, (Refusal[]){ { "[::]", 30001, EADDRINUSE }, {} });
        is("frontend app-blog\n    bind *:30001\n    bind [::1]:30001 v6only\n    default_backend app-blog\n" BLOG_BACKEND);
        cr_expect_str_eq(list, "app-blog 30001 [::] 98 some\n");
}

Test(ports, without_ipv6_a_line_of_both_families_becomes_one_of_ipv4)
{
        filter("frontend app-blog\n    bind :::30001 v4v6 name x\n",
               (Refusal[]){ { "[::]", 30001, EAFNOSUPPORT }, {} });
        is("frontend app-blog\n    bind *:30001 name x\n");
        cr_expect_str_eq(list, "app-blog 30001 [::] 97 some\n");
}

Test(ports, what_is_no_address_is_not_asked_about)
{
        static const char text[] = "frontend other\n"
                                   "    bind unix@/run/x.sock mode 660\n"
                                   "    bind fd@3\n"
                                   "    bind 127.0.0.1:0\n"
                                   "    bind host:30000\n"
                                   "    bind 127.0.0.1:30000-30010\n";

        filter(text, (Refusal[]){ { "127.0.0.1", 30000, EADDRINUSE }, {} });
        is(text);
}

Test(ports, the_list_is_read_back)
{
        LeftOut item;
        const char *next;

        filter(SHOP BLOG, (Refusal[]){ { "127.0.0.1", 30000, EADDRINUSE },
                                       { "[::1]", 30000, EADDRNOTAVAIL },
                                       { "*", 30001, EACCES },
                                       {} });
        next = left_out_parse(list, &item);
        cr_assert_not_null(next);
        cr_expect(item.whole && item.port == 30000 && item.error == EADDRINUSE);
        cr_expect_str_eq(item.frontend, "app-shop");
        cr_expect_str_eq(item.address, "127.0.0.1");
        next = left_out_parse(next, &item);
        cr_assert(next && item.whole && item.error == EADDRNOTAVAIL);
        next = left_out_parse(next, &item);
        cr_assert(next && !item.whole && item.error == EACCES);
        cr_expect_str_eq(item.frontend, "app-blog");
        cr_expect_null(left_out_parse(next, &item));
}

Test(ports, a_line_that_is_none_ends_the_list)
{
        static const char *const lines[] = { "",
                                             "app-shop",
                                             "app-shop 30000 127.0.0.1 98 none",
                                             "app-shop 30000 127.0.0.1 98 much\n",
                                             "app-shop x 127.0.0.1 98 none\n",
                                             "app-shop 30000 127.0.0.1 98 none more\n" };
        LeftOut item;

        for (size_t i = 0; i < ELEMENTSOF(lines); i++)
                cr_expect_null(left_out_parse(lines[i], &item), "'%s'", lines[i]);
}

/* A listener of our own at `address`, on a port of the kernel's choice. */
static int listen_at(const char *address, bool reuse, Endpoint *ret)
{
        _cleanup_free_ char *text = text_format("%s:1", address);
        socklen_t size = sizeof(ret->address);
        int fd, yes = 1;

        cr_assert(text);
        cr_assert_eq(endpoint_parse(text, ret, NULL), 0);
        fd = socket(ret->address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        cr_assert_geq(fd, 0);
        if (reuse)
                cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof(yes)), 0);
        if (ret->address.any.sa_family == AF_INET)
                ret->address.ipv4.sin_port = 0;
        else
                ret->address.ipv6.sin6_port = 0;
        cr_assert_eq(bind(fd, &ret->address.any,
                          ret->address.any.sa_family == AF_INET ? sizeof(ret->address.ipv4)
                                                                : sizeof(ret->address.ipv6)),
                     0);
        cr_assert_eq(listen(fd, 1), 0);
        cr_assert_eq(getsockname(fd, &ret->address.any, &size), 0);
        return fd;
}

/* What the kernel says of an address, on the port of another. */
static int asked(const char *address, const Endpoint *other)
{
        _cleanup_free_ char *text = text_format("%s:%u", address, endpoint_port(other));
        Endpoint endpoint;

        cr_assert(text);
        if (strcmp(address, "::v4v6") == 0) {
                free(text);
                text = text_format(":::%u v4v6", endpoint_port(other));
        }
        cr_assert_eq(endpoint_parse(text, &endpoint, NULL), 0);
        return endpoint_ask(&endpoint);
}

Test(ports, the_kernel_is_asked_about_the_same_address)
{
        Endpoint held;
        int fd = listen_at("127.0.0.1", /* reuse= */ false, &held);

        cr_expect_eq(asked("127.0.0.1", &held), -EADDRINUSE);
        cr_expect_eq(asked("*", &held), -EADDRINUSE);
        cr_expect_eq(asked("::v4v6", &held), -EADDRINUSE);
        cr_expect_eq(asked("127.0.0.2", &held), 0);
        cr_expect_eq(asked("192.0.2.1", &held), -EADDRNOTAVAIL);
        (void) close(fd);
        cr_expect_eq(asked("127.0.0.1", &held), 0);
}

Test(ports, an_address_that_is_held_is_nobody_elses)
{
        Endpoint endpoint;
        int fd = listen_at("127.0.0.1", /* reuse= */ true, &endpoint), held, other;

        (void) close(fd);
        cr_assert_eq(endpoint_hold(&endpoint, &held), 0);
        cr_assert_geq(held, 0);
        /* haproxy's own socket is not in the way, one that is not shared is. */
        cr_expect_eq(endpoint_ask(&endpoint), 0);
        other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        cr_expect(bind(other, &endpoint.address.any, sizeof(endpoint.address.ipv4)) < 0 &&
                  errno == EADDRINUSE);
        (void) close(other);
        (void) close(held);
}

Test(ports, of_a_configuration_all_addresses_are_held_or_the_fault_is_told)
{
        _cleanup_kept_ Kept kept = {};
        char path[] = "/tmp/deployd-test-XXXXXX";
        int file = mkstemp(path), taken, free_one;
        Endpoint first, second;

        cr_assert_geq(file, 0);
        free_one = listen_at("127.0.0.1", /* reuse= */ true, &first);
        taken = listen_at("127.0.0.1", /* reuse= */ false, &second);
        (void) close(free_one);
        (void) dprintf(file, "frontend app-a\n    bind 127.0.0.1:%u\n    bind 127.0.0.1:%u\n",
                       endpoint_port(&first), endpoint_port(&second));
        cr_expect_eq(configuration_hold(path, &kept), -EADDRINUSE);
        kept_clear(&kept);
        (void) close(taken);
        cr_expect_eq(configuration_hold(path, &kept), 0);
        cr_assert_eq(kept.n, 2);
        cr_expect(kept.sockets[0].fd >= 0 && kept.sockets[1].fd >= 0);
        (void) unlink(path);
        (void) close(file);
}

/* As the listeners of the haproxy that runs. */
Test(ports, listeners_of_the_same_user_that_share_are_not_in_the_way)
{
        Endpoint held;
        int fd = listen_at("127.0.0.1", /* reuse= */ true, &held);

        cr_expect_eq(asked("127.0.0.1", &held), 0);
        cr_expect_eq(asked("*", &held), 0);
        (void) close(fd);
}

Test(ports, to_ask_takes_no_connection_from_a_listener)
{
        Endpoint held;
        int fd = listen_at("127.0.0.1", /* reuse= */ true, &held);

        for (unsigned i = 0; i < 100; i++) {
                int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), server;

                cr_assert_eq(asked("127.0.0.1", &held), 0);
                cr_assert_eq(connect(client, &held.address.any, sizeof(held.address.ipv4)), 0);
                server = accept(fd, NULL, NULL);
                cr_assert_geq(server, 0);
                (void) close(server);
                (void) close(client);
        }
        (void) close(fd);
}

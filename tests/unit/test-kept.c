/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/test-kept.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "ports/configuration.h"

TestSuite(kept, .init = begin, .fini = end, .timeout = 60);

static Endpoint endpoint(const char *text)
{
        Endpoint endpoint;

        cr_assert_eq(endpoint_parse(text, &endpoint, NULL), 0, "%s", text);
        return endpoint;
}

static bool is_open(int fd)
{
        return fcntl(fd, F_GETFD) >= 0;
}

Test(kept, only_tcp_sockets_that_listen_are_kept)
{
        int fds[] = { listener(), socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
                      socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0),
                      open("/dev/null", O_RDONLY | O_CLOEXEC) };
        Passing passing = { .n = ELEMENTSOF(fds) };

        memcpy(passing.fds, fds, sizeof(fds));
        cr_assert_eq(kept_add_passing(&kept, &passing), 0);
        cr_assert_eq(kept.n, 1);
        cr_assert_eq(kept.sockets[0].fd, fds[0]);
        for (size_t i = 1; i < ELEMENTSOF(fds); i++)
                cr_expect(!is_open(fds[i]));
}

Test(kept, addresses_are_compared_by_family_address_and_port)
{
        static const char *const texts[] = { "127.0.0.1:30000", "127.0.0.1:30001", "*:30000", "[::1]:30000",
                                             ":::30000" };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                for (size_t j = 0; j < ELEMENTSOF(texts); j++) {
                        Endpoint one = endpoint(texts[i]), two = endpoint(texts[j]);
                        int r = endpoint_compare(&one, &two), reverse = endpoint_compare(&two, &one);

                        cr_expect(i == j ? r == 0 : (r < 0) != (reverse < 0) && r != 0, "%s %s", texts[i],
                                  texts[j]);
                }
}

Test(kept, one_of_two_at_an_address_is_left)
{
        int fd = listener(), again = dup(fd);

        add(&kept, fd);
        add(&kept, listener());
        add(&kept, again);
        kept_sort(&kept);
        cr_assert_eq(kept.n, 2);
        cr_expect(is_open(fd) != is_open(again));
}

Test(kept, what_is_not_wanted_is_closed)
{
        int fds[3];

        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                add(&kept, fds[i] = listener());
        kept_sort(&kept);
        cr_assert_eq(kept_add_endpoint(&other, &kept.sockets[1].endpoint), 0);
        fds[0] = kept.sockets[0].fd;
        fds[1] = kept.sockets[1].fd;
        fds[2] = kept.sockets[2].fd;
        kept_limit(&kept, &other);
        cr_assert(kept_is_same(&kept, &other));
        cr_expect(!is_open(fds[0]) && is_open(fds[1]) && !is_open(fds[2]));
        kept_clear(&other);
        kept_limit(&kept, &other);
        cr_assert_eq(kept.n, 0);
        cr_expect(!is_open(fds[1]));
}

Test(kept, the_addresses_of_a_configuration_are_those_of_its_bind_lines)
{
        static const char text[] = "global\n    maxconn 5\nfrontend app-shop\n    bind 127.0.0.1:30000\n"
                                   "    bind [::1]:30000\n    default_backend bind\nfrontend app-blog\n"
                                   "\tbind *:30001 name x\n    bind :::30001 v6only\n    bind unix@/x\n";
        static const char *const wanted[] = { "127.0.0.1:30000", "[::1]:30000", "*:30001", ":::30001" };
        char path[] = "/tmp/test-kept-XXXXXX";
        int fd = mkstemp(path);

        cr_assert_geq(fd, 0);
        cr_assert_eq(write(fd, text, strlen(text)), (ssize_t) strlen(text));
        (void) close(fd);
        cr_assert_eq(configuration_addresses(path, &kept), 0);
        (void) unlink(path);
        for (size_t i = 0; i < ELEMENTSOF(wanted); i++) {
                Endpoint address = endpoint(wanted[i]);

                cr_assert_eq(kept_add_endpoint(&other, &address), 0);
        }
        kept_sort(&other);
        cr_assert(kept_is_same(&kept, &other));
        kept_clear(&kept);
        cr_assert_eq(configuration_addresses("/nonexistent", &kept), 0);
        cr_assert_eq(kept.n, 0);
}

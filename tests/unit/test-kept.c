/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ports/kept.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/text.h"
#include "ports/bag.h"
#include "ports/configuration.h"
#include "ports/handover.h"
#include "ports/store.h"

/* More than two messages take. */
#define MANY ((size_t) (2 * PASSING_MAX + 7))

static Kept kept, other;
static int pair[2] = { -1, -1 };

static void close_pair(void)
{
        closep(&pair[0]);
        closep(&pair[1]);
        pair[0] = pair[1] = -1;
}

static void begin(void)
{
        struct rlimit limit;

        /* Both sides of a test have them all. */
        cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
        limit.rlim_cur = limit.rlim_max;
        cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
        cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
}

static void end(void)
{
        kept_clear(&kept);
        kept_clear(&other);
        close_pair();
}
TestSuite(kept, .init = begin, .fini = end, .timeout = 60);

static Endpoint endpoint(const char *text)
{
        Endpoint endpoint;

        cr_assert_eq(endpoint_parse(text, &endpoint, NULL), 0, "%s", text);
        return endpoint;
}

/* A socket that listens on a port of 127.0.0.1 that the kernel chooses. */
static int listener(void)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        cr_assert_geq(fd, 0);
        cr_assert_eq(bind(fd, (struct sockaddr *) &address, sizeof(address)), 0);
        cr_assert_eq(listen(fd, 1), 0);
        return fd;
}

static void add(Kept *to, int fd)
{
        cr_assert_eq(kept_add_passing(to, &(Passing){ .fds = { fd }, .n = 1 }), 0);
}

static void add_many(size_t n)
{
        while (n-- > 0)
                add(&kept, listener());
        kept_sort(&kept);
}

/* The same sockets, not others at the same addresses. */
static void is_same(const Kept *one, const Kept *two)
{
        cr_assert(kept_is_same(one, two), "%zu and %zu", one->n, two->n);
        for (size_t i = 0; i < one->n; i++) {
                struct stat mine, yours;

                cr_assert_eq(fstat(one->sockets[i].fd, &mine), 0);
                cr_assert_eq(fstat(two->sockets[i].fd, &yours), 0);
                cr_assert_eq(mine.st_ino, yours.st_ino);
        }
}

static bool is_open(int fd)
{
        return fcntl(fd, F_GETFD) >= 0;
}

/* The set. */

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

/* From one haproxy to the next. */

/* Another process that does `what` at the far end of the pair. */
static pid_t beside(void (*what)(void))
{
        pid_t child = fork();

        cr_assert_geq(child, 0);
        if (child == 0) {
                closep(&pair[0]);
                what();
                _exit(EXIT_SUCCESS);
        }
        (void) close(pair[1]);
        pair[1] = -1;
        return child;
}

static void ended_well(pid_t child)
{
        int status;

        cr_assert_eq(waitpid(child, &status, 0), child);
        cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS);
}

static void answer_question(void)
{
        if (handover_answer(pair[1], &kept) < 0)
                _exit(EXIT_FAILURE);
}

static void hand_over(size_t n)
{
        pid_t child;

        add_many(n);
        child = beside(answer_question);
        cr_assert_eq(handover_ask(pair[0], &other), 0);
        is_same(&kept, &other);
        close_pair();
        ended_well(child);
}

Test(kept, a_socket_is_handed_over)
{
        hand_over(1);
}

Test(kept, as_many_as_a_message_takes_are_handed_over)
{
        hand_over(PASSING_MAX);
}

Test(kept, more_than_a_message_takes_are_handed_over)
{
        hand_over(MANY);
}

static void answer_nothing(void)
{
        char question[16];

        (void) recv(pair[1], question, sizeof(question), 0);
}

Test(kept, who_may_not_ask_is_told)
{
        pid_t child = beside(answer_nothing);

        cr_assert_eq(handover_ask(pair[0], &other), -ECONNRESET);
        ended_well(child);
}

static void answer_half(void)
{
        static const int n = 2;
        Passing passing = { .fds = { listener() }, .n = 1 };

        answer_nothing();
        (void) send(pair[1], &n, sizeof(n), 0);
        (void) passing_send(pair[1], &passing, "", 1, 0);
        answer_nothing();
}

Test(kept, an_answer_that_ends_half_way_is_an_error)
{
        pid_t child = beside(answer_half);

        cr_assert_eq(handover_ask(pair[0], &other), -ECONNRESET);
        ended_well(child);
}

Test(kept, another_question_is_not_answered)
{
        add_many(1);
        cr_assert_eq(send(pair[0], "_getstocks\n", 11, 0), 11);
        cr_assert_eq(handover_answer(pair[1], &kept), -EBADMSG);
        (void) shutdown(pair[0], SHUT_WR);
        close_pair();
}

/* The bag. */

Test(kept, a_bag_keeps_its_sockets_however_often_it_is_looked_into)
{
        int bag;

        add_many(MANY);
        cr_assert_eq(bag_pack(&kept, &bag), 0);
        for (unsigned i = 0; i < 3; i++) {
                cr_assert_eq(bag_look(bag, &other), 0);
                is_same(&kept, &other);
                kept_clear(&other);
        }
        (void) close(bag);
}

Test(kept, the_sockets_of_a_bag_listen_until_it_is_closed)
{
        union {
                struct sockaddr any;
                struct sockaddr_in ipv4;
        } address = {};
        int bag, client;

        add_many(1);
        address.ipv4 = kept.sockets[0].endpoint.address.ipv4;
        cr_assert_eq(bag_pack(&kept, &bag), 0);
        kept_clear(&kept);
        client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        cr_assert_eq(connect(client, &address.any, sizeof(address.ipv4)), 0);
        (void) close(client);
        (void) close(bag);
        client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        cr_assert(connect(client, &address.any, sizeof(address.ipv4)) < 0 && errno == ECONNREFUSED);
        (void) close(client);
}

Test(kept, an_empty_bag_is_one)
{
        int bag;

        cr_assert_eq(bag_pack(&kept, &bag), 0);
        cr_assert_eq(bag_look(bag, &other), 0);
        cr_assert_eq(other.n, 0);
        (void) close(bag);
}

Test(kept, what_is_no_bag_is_refused)
{
        int file = open("/dev/null", O_RDONLY | O_CLOEXEC);

        cr_assert_eq(bag_look(file, &other), -EBADMSG);
        cr_assert_eq(send(pair[0], "x", 1, 0), 1);
        cr_assert_eq(bag_look(pair[1], &other), -EBADMSG);
        (void) close(file);
}

/* What PID 1 keeps. The test is PID 1: it plays the store of one unit by the rules of sd_notify(3). */

typedef struct Store {
        struct {
                char name[64];
                int bag;
        } bags[4];
        size_t n;
} Store;

static void store_remove(Store *store, const char *name)
{
        for (size_t i = store->n; i-- > 0;)
                if (strcmp(store->bags[i].name, name) == 0) {
                        (void) close(store->bags[i].bag);
                        store->bags[i] = store->bags[--store->n];
                }
}

/* Whether more is to come: not after a barrier. */
static bool store_obey(Store *store, int notify)
{
        char text[512] = "", name[64] = "";
        Passing passing;
        const char *at;

        cr_assert_gt(passing_receive(notify, &passing, text, sizeof(text) - 1, 0), 0);
        at = strstr(text, "FDNAME=");
        if (at)
                cr_assert_eq(sscanf(at, "FDNAME=%63s", name), 1);
        if (strstr(text, "FDSTOREREMOVE=1"))
                store_remove(store, name);
        else if (strstr(text, "FDSTORE=1")) {
                cr_assert(passing.n == 1 && store->n < ELEMENTSOF(store->bags));
                (void) strcpy(store->bags[store->n].name, name);
                store->bags[store->n++].bag = passing.fds[0];
                return true;
        }
        passing_clear(&passing);
        return strncmp(text, "BARRIER=1", strlen("BARRIER=1")) != 0;
}

static void replace(void)
{
        if (store_replace(&kept) < 0)
                _exit(EXIT_FAILURE);
}

/* Has another process replace what the store has by `kept`. */
static void store_gets_kept(Store *store, int notify)
{
        pid_t child;

        cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        child = beside(replace);
        /* At no moment there is nothing. */
        for (bool first = true; store_obey(store, notify); first = false)
                cr_assert(first || store->n > 0);
        ended_well(child);
        close_pair();
        cr_assert_eq(store->n, 1);
        cr_assert_eq(bag_look(store->bags[0].bag, &other), 0);
        is_same(&kept, &other);
        kept_clear(&other);
}

Test(kept, the_store_has_one_bag_of_the_newest_sockets)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        socklen_t size = sizeof(address);
        int notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        Store store = {};

        close_pair();
        /* An abstract address of the kernel's choice: a NUL and five digits. */
        cr_assert_eq(bind(notify, (struct sockaddr *) &address, sizeof(sa_family_t)), 0);
        cr_assert_eq(getsockname(notify, (struct sockaddr *) &address, &size), 0);
        address.sun_path[0] = '@';
        cr_assert_eq(setenv("NOTIFY_SOCKET", address.sun_path, 1), 0);
        for (size_t n = 1; n <= 3; n++) {
                add_many(1);
                store_gets_kept(&store, notify);
        }
        kept_clear(&kept);
        add_many(1);
        store_gets_kept(&store, notify);
        store_remove(&store, "listeners");
        cr_assert_eq(store.n, 0);
        (void) close(notify);
}

Test(kept, without_pid_1_nothing_is_stored)
{
        (void) unsetenv("NOTIFY_SOCKET");
        cr_assert_eq(store_replace(&kept), -EUNATCH);
        (void) unsetenv("LISTEN_FDS");
        cr_assert_eq(store_look(&kept), 0);
        cr_assert_eq(kept.n, 0);
}

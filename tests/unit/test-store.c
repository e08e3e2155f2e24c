/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ports/store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/un.h>

#include "ports/bag.h"
#include "tests/unit/test-kept.h"

TestSuite(store, .init = begin, .fini = end, .timeout = 60);

/* The bag. */

Test(store, a_bag_keeps_its_sockets_however_often_it_is_looked_into)
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

Test(store, the_sockets_of_a_bag_listen_until_it_is_closed)
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

Test(store, an_empty_bag_is_one)
{
        int bag;

        cr_assert_eq(bag_pack(&kept, &bag), 0);
        cr_assert_eq(bag_look(bag, &other), 0);
        cr_assert_eq(other.n, 0);
        (void) close(bag);
}

Test(store, what_is_no_bag_is_refused)
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

static void clear(void)
{
        if (store_clear() < 0)
                _exit(EXIT_FAILURE);
}

Test(store, the_store_has_one_bag_of_the_newest_sockets)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        socklen_t size = sizeof(address);
        int notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        Store store = {};
        pid_t child;

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
        cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        child = beside(clear);
        while (store_obey(&store, notify))
                ;
        ended_well(child);
        close_pair();
        cr_assert_eq(store.n, 0);
        (void) close(notify);
}

Test(store, without_pid_1_nothing_is_stored)
{
        (void) unsetenv("NOTIFY_SOCKET");
        cr_assert_eq(store_replace(&kept), -EUNATCH);
        (void) unsetenv("LISTEN_FDS");
        cr_assert_eq(store_look(&kept), 0);
        cr_assert_eq(kept.n, 0);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Sockets that listen, and another process to give them to: what the tests of ports/ share. */

#include <criterion/criterion.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "ports/kept.h"

/* More than two messages take. */
#define MANY ((size_t) (2 * PASSING_MAX + 7))

_unused_ static Kept kept, other;
_unused_ static int pair[2] = { -1, -1 };

_unused_ static void close_pair(void)
{
        closep(&pair[0]);
        closep(&pair[1]);
        pair[0] = pair[1] = -1;
}

_unused_ static void begin(void)
{
        struct rlimit limit;

        /* Both sides of a test have them all. */
        cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
        limit.rlim_cur = limit.rlim_max;
        cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
        cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
}

_unused_ static void end(void)
{
        kept_clear(&kept);
        kept_clear(&other);
        close_pair();
}

/* A socket that listens on a port of 127.0.0.1 that the kernel chooses. */
_unused_ static int listener(void)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        cr_assert_geq(fd, 0);
        cr_assert_eq(bind(fd, (struct sockaddr *) &address, sizeof(address)), 0);
        cr_assert_eq(listen(fd, 1), 0);
        return fd;
}

_unused_ static void add(Kept *to, int fd)
{
        cr_assert_eq(kept_add_passing(to, &(Passing){ .fds = { fd }, .n = 1 }), 0);
}

_unused_ static void add_many(size_t n)
{
        while (n-- > 0)
                add(&kept, listener());
        kept_sort(&kept);
}

/* The same sockets, not others at the same addresses. */
_unused_ static void is_same(const Kept *one, const Kept *two)
{
        cr_assert(kept_is_same(one, two), "%zu and %zu", one->n, two->n);
        for (size_t i = 0; i < one->n; i++) {
                struct stat mine, yours;

                cr_assert_eq(fstat(one->sockets[i].fd, &mine), 0);
                cr_assert_eq(fstat(two->sockets[i].fd, &yours), 0);
                cr_assert_eq(mine.st_ino, yours.st_ino);
        }
}

/* Another process that does `what` at the far end of the pair. */
_unused_ static pid_t beside(void (*what)(void))
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

_unused_ static void ended_well(pid_t child)
{
        int status;

        cr_assert_eq(waitpid(child, &status, 0), child);
        cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS);
}

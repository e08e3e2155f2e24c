/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "builder/watch.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "builder/workspace.h"

#define MIB ((uint64_t) 1024 * 1024)

static char path[] = "/tmp/test-watch-XXXXXX";
static int fd;

static void begin(void)
{
        cr_assert(mkdtemp(path) != NULL);
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        cr_assert(fd >= 0);
}

static void end(void)
{
        cr_expect_eq(workspace_clear(fd), 0);
        (void) close(fd);
        cr_expect_eq(rmdir(path), 0);
}

/* Makes a file with so many bytes on the disk. */
static void put(const char *name, uint64_t bytes)
{
        _cleanup_close_ int file_fd = openat(fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

        cr_assert(file_fd >= 0);
        cr_assert_eq(posix_fallocate(file_fd, 0, (off_t) bytes), 0);
}

/* What is on the disk, in whole MiB: directories have some blocks too. */
static uint64_t measure(void)
{
        uint64_t bytes;

        cr_assert_eq(watch_measure(fd, &bytes), 0);
        return bytes / MIB;
}

Test(watch, what_is_on_the_disk_is_counted_once, .init = begin, .fini = end)
{
        _cleanup_close_ int hole_fd = -1;

        cr_expect_eq(measure(), 0);
        put("a", 3 * MIB);
        cr_assert_eq(mkdirat(fd, "d", 0700), 0);
        put("d/b", 2 * MIB);
        cr_expect_eq(measure(), 5);
        /* Further names, a link, a hole. */
        cr_assert_eq(linkat(fd, "a", fd, "d/a1", 0), 0);
        cr_assert_eq(linkat(fd, "a", fd, "a2", 0), 0);
        cr_assert_eq(symlinkat("a", fd, "l"), 0);
        hole_fd = openat(fd, "hole", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        cr_assert_eq(ftruncate(hole_fd, (off_t) (1000 * MIB)), 0);
        cr_expect_eq(measure(), 5);
}

Test(watch, a_closed_directory_hides_nothing, .init = begin, .fini = end)
{
        cr_assert_eq(mkdirat(fd, "d", 0700), 0);
        put("d/b", 2 * MIB);
        cr_assert_eq(fchmodat(fd, "d", 0, 0), 0);
        cr_expect_eq(measure(), 2);
}

Test(watch, a_limit_is_passed_by_more_than_it_says, .init = begin, .fini = end)
{
        Watch watch = { .directories = { fd, fd, fd }, .max_bytes = 10 * MIB };
        _cleanup_free_ char *error = NULL;

        watch_begin(&watch);
        put("a", 3 * MIB);
        cr_expect_eq(watch_look(&watch, &error), 0);
        cr_expect_null(error);
        put("b", 1 * MIB);
        cr_expect_eq(watch_look(&watch, &error), -EDQUOT);
        cr_expect_str_eq(
                error, "it used more than 10.0 MiB of the disk: build-disk-max of [runner] in deploy.conf");
        watch_done(&watch);
}

Test(watch, it_looks_every_second_at_most, .init = begin, .fini = end)
{
        Watch watch = { .directories = { fd, fd, fd }, .max_bytes = 10 * MIB };
        uint64_t began = clock_usec(CLOCK_MONOTONIC), ended;
        _cleanup_free_ char *error = NULL;

        watch_begin(&watch);
        cr_expect_eq(watch.next, 0);
        cr_expect_eq(watch_look(&watch, &error), 0);
        ended = clock_usec(CLOCK_MONOTONIC);
        cr_expect_geq(watch.next, began + USEC_PER_SEC);
        cr_expect_leq(watch.next, ended + MAX2(USEC_PER_SEC, 9 * (ended - began)));
        watch_done(&watch);
}

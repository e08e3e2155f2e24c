/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Descriptors: written whole, opened once more, given a name. */

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"

/* More than a pipe holds, so that write(2) ends before all is written. */
#define SIZE ((size_t) 1 << 20)

static void *read_all(void *userdata)
{
        int fd = *(int *) userdata;
        static uint8_t block[4096];
        uint64_t sum = 0;
        ssize_t n;

        while ((n = read(fd, block, sizeof(block))) > 0)
                for (ssize_t i = 0; i < n; i++)
                        sum += block[i];
        return (void *) (uintptr_t) sum;
}

Test(fd, all_is_written)
{
        _cleanup_free_ uint8_t *data = malloc(SIZE);
        pthread_t reader;
        void *sum = NULL;
        int fds[2];

        cr_assert(data);
        memset(data, 3, SIZE);
        cr_assert_eq(pipe(fds), 0);
        cr_assert_eq(pthread_create(&reader, NULL, read_all, &fds[0]), 0);
        cr_expect_eq(fd_write(fds[1], data, SIZE), 0);
        (void) close(fds[1]);
        cr_assert_eq(pthread_join(reader, &sum), 0);
        cr_expect_eq((uintptr_t) sum, 3 * SIZE);
        (void) close(fds[0]);
}

Test(fd, a_write_that_fails_says_why)
{
        _cleanup_close_ int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

        cr_assert_geq(full, 0);
        cr_expect_eq(fd_write(full, "text", 4), -ENOSPC);
        cr_expect_eq(fd_write(full, "", 0), 0);
}

Test(fd, one_that_is_opened_once_more_has_its_own_position_and_rights)
{
        _cleanup_close_ int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600), again = -1;
        char text[8] = "";

        cr_assert_geq(fd, 0);
        cr_assert_eq(fd_write(fd, "text", 4), 0);
        again = fd_reopen(fd, O_RDONLY);
        cr_assert_geq(again, 0);
        cr_expect_eq(read(again, text, sizeof(text)), 4);
        cr_expect_str_eq(text, "text");
        cr_expect_eq(fd_write(again, "more", 4), -EBADF);
        cr_expect_eq(fcntl(again, F_GETFD), FD_CLOEXEC);
        cr_expect_eq(fd_reopen(fd, O_DIRECTORY), -ENOTDIR);
}

Test(fd, a_file_without_a_name_gets_one_that_is_free)
{
        char directory[] = "/tmp/test-fd.XXXXXX", path[sizeof(directory) + sizeof("/file")];
        _cleanup_close_ int fd = -1;
        struct stat st;

        cr_assert(mkdtemp(directory));
        (void) snprintf(path, sizeof(path), "%s/file", directory);
        fd = open(directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
        cr_assert_geq(fd, 0);
        cr_expect_eq(fd_link(fd, path), 0);
        cr_expect_eq(stat(path, &st), 0);
        cr_expect_eq(fd_link(fd, path), -EEXIST);
        cr_expect_eq(unlink(path), 0);
        cr_expect_eq(rmdir(directory), 0);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "archive/packed.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LINES 20000

static char line[] = "2026-01-01 00:00:00Z build: a line of a log, like many others\n";

/* A memory file with so many lines, packed; its offset is at the start. */
static int make_packed(unsigned n)
{
        _cleanup_(packed_freep) Packed *packed = NULL;
        int fd = memfd_create("packed", MFD_CLOEXEC);

        cr_assert(eq(int, packed_new(fd, &packed), 0));
        for (unsigned i = 0; i < n; i++)
                cr_assert(eq(int, packed_put(packed, line, strlen(line)), 0));
        cr_assert(eq(int, packed_end(packed), 0));
        cr_assert(eq(long, lseek(fd, 0, SEEK_SET), 0));
        return fd;
}

Test(packed, what_was_put_in_comes_out)
{
        _cleanup_close_ int fd = make_packed(LINES), text = memfd_create("text", MFD_CLOEXEC);
        size_t size = LINES * strlen(line);
        char *map;

        cr_assert(eq(int, packed_read(fd, text), 0));
        cr_assert(eq(long, lseek(text, 0, SEEK_END), (long) size));
        cr_expect(lt(long, lseek(fd, 0, SEEK_END), (long) size / 10), "it was not packed");
        map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, text, 0);
        cr_assert(map != MAP_FAILED);
        for (unsigned i = 0; i < LINES; i++)
                cr_assert(memcmp(map + i * strlen(line), line, strlen(line)) == 0);
        (void) munmap(map, size);
}

Test(packed, nothing_is_something_too)
{
        _cleanup_close_ int fd = make_packed(0), text = memfd_create("text", MFD_CLOEXEC);

        cr_expect(eq(int, packed_read(fd, text), 0));
        cr_expect(eq(long, lseek(text, 0, SEEK_END), 0));
}

Test(packed, a_file_that_is_cut_off_or_damaged_is_refused)
{
        _cleanup_close_ int text = memfd_create("text", MFD_CLOEXEC);
        _cleanup_close_ int cut = make_packed(LINES), damaged = make_packed(LINES),
                            empty = memfd_create("empty", MFD_CLOEXEC);
        off_t size = lseek(cut, 0, SEEK_END);

        cr_assert(eq(int, ftruncate(cut, size - 1), 0));
        (void) lseek(cut, 0, SEEK_SET);
        cr_expect(eq(int, packed_read(cut, text), -EBADMSG));
        cr_assert(eq(long, pwrite(damaged, "\xff\xff\xff\xff", 4, size / 2), 4));
        cr_expect(eq(int, packed_read(damaged, text), -EBADMSG));
        cr_expect(eq(int, packed_read(empty, text), -EBADMSG));
}

Test(packed, a_full_disk_is_told)
{
        _cleanup_(packed_freep) Packed *packed = NULL;
        _cleanup_close_ int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

        cr_assert(eq(int, packed_new(full, &packed), 0));
        (void) packed_put(packed, line, strlen(line));
        cr_expect(eq(int, packed_end(packed), -ENOSPC));
}
